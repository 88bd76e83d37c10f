#include "agent/adapters/files/marker_json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "agent/core/time.h"

namespace tokenwarden::files {

using Json = nlohmann::ordered_json;

Result<Secret> WriteMarkerJson(const Secret* value, const PublishMarker& marker) {
  Json json = Json::object();
  if (value != nullptr) json["access_token"] = std::string(value->Reveal());
  json["generation"] = marker.generation;
  json["fingerprint"] = marker.fingerprint.text;
  json["epoch"] = marker.epoch;
  json["expires_at"] = marker.expires_at ? Json(FormatUtc(*marker.expires_at)) : Json();
  std::string text;
  bool is_text = true;
  try {
    text = json.dump(2) + "\n";
  } catch (const Json::exception&) {  // its message quotes the value
    is_text = false;
  }
  if (value != nullptr) WipeString(json["access_token"].get_ref<std::string&>());
  if (is_text) return Secret::TakeFrom(text);
  return MakeError(ErrorKind::kInvalidArgument, "not_text",
                   "cannot write the value as JSON: it is not UTF-8 text",
                   "Use format: raw for this sink.");
}

MarkerJson ReadMarkerJson(const Secret& bytes) {
  const std::string_view text = bytes.Reveal();
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  MarkerJson content;
  content.is_object = json.is_object();
  if (!content.is_object) return content;
  if (const auto epoch = json.find("epoch"); epoch != json.end() && epoch->is_number_unsigned()) {
    content.epoch = epoch->get<std::uint64_t>();
  }
  if (const auto value = json.find("access_token"); value != json.end() && value->is_string()) {
    content.value = Secret::TakeFrom(value->get_ref<std::string&>());
  }
  return content;
}

}  // namespace tokenwarden::files
