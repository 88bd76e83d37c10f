#include "agent/adapters/kubernetes/json.h"

#include "agent/core/secret.h"

namespace tokenwarden::kubernetes {
namespace {

// managedFields nests as deeply as the object it describes; nothing we ask for comes near this.
constexpr int kMaxDepth = 64;

void WipeTexts(Json& json) {
  if (json.is_string()) {
    WipeString(json.get_ref<std::string&>());
  } else if (json.is_structured()) {
    for (Json& member : json) WipeTexts(member);
  }
}

}  // namespace

std::optional<Json> ParseJson(std::string_view text) {
  bool too_deep = false;
  const auto watch_depth = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json document = Json::parse(text, watch_depth, false);
  if (document.is_discarded() || too_deep) return std::nullopt;
  return document;
}

const Json* At(const Json& object, Path path) {
  const Json* here = &object;
  for (std::string_view step : path) {
    if (!here->is_object()) return nullptr;
    const auto member = here->find(step);
    if (member == here->end() || member->is_null()) return nullptr;
    here = &*member;
  }
  return here;
}

std::string TextAt(const Json& object, Path path) {
  const Json* found = At(object, path);
  return found != nullptr && found->is_string() ? found->get_ref<const std::string&>() : "";
}

std::optional<std::int64_t> IntegerAt(const Json& object, Path path) {
  const Json* found = At(object, path);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return found->get<std::int64_t>();
}

WipedJson::~WipedJson() { WipeTexts(json); }

}  // namespace tokenwarden::kubernetes
