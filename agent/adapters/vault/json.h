// JSON as Vault speaks it, with secrets in it. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "agent/core/secret.h"

namespace tokenwarden::vault {

using Json = nlohmann::json;

// The text as a secret, wiped where it was made.
inline Secret ToSecret(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return Secret::TakeFrom(text);
}

// Discarded when it is not an object.
inline Json ParseObject(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json(Json::value_t::discarded);
}

// What stands below keys, or null.
template <typename... Keys>
const Json& Below(const Json& json, const std::string& key, const Keys&... more) {
  static const Json kNull;
  if (!json.is_object() || !json.contains(key)) return kNull;
  if constexpr (sizeof...(more) == 0) {
    return json[key];
  } else {
    return Below(json[key], more...);
  }
}

inline std::string TextAt(const Json& json, const std::string& key) {
  const Json& value = Below(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

}  // namespace tokenwarden::vault
