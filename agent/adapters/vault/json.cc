#include "agent/adapters/vault/json.h"

namespace tokenwarden::vault {
namespace {

// Deeper than any secret that a server takes is not from Vault: its own limit is 300.
constexpr int kMaxDepth = 320;

void WipeTexts(Json& json) {
  if (json.is_string()) {
    WipeString(json.get_ref<std::string&>());
  } else if (json.is_structured()) {
    for (Json& member : json) WipeTexts(member);
  }
}

}  // namespace

WipedJson::~WipedJson() { WipeTexts(json); }

std::optional<WipedJson> ParseObject(std::string& text) {
  bool too_deep = false;
  const auto watch_depth = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  WipedJson document(Json::parse(text, watch_depth, false));
  WipeString(text);
  if (!document.json.is_object() || too_deep) return std::nullopt;
  return document;
}

Secret ToSecret(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return Secret::TakeFrom(text);
}

std::string TextAt(const Json& json, const std::string& key) {
  const Json& value = Below(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<std::int64_t> IntegerAt(const Json& json, const std::string& key) {
  const Json& value = Below(json, key);
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return value.get<std::int64_t>();
}

Texts TextsOf(const Json& json) {
  Texts texts;
  if (!json.is_object()) return texts;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) texts[name] = value.get<std::string>();
  }
  return texts;
}

}  // namespace tokenwarden::vault
