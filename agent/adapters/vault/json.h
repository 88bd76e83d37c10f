// Careful reading of Vault's JSON: nothing here throws or trusts a type, and values are wiped.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/core/secret.h"

namespace tokenwarden::vault {

using Json = nlohmann::json;
using Texts = std::map<std::string, std::string>;

// A document that may hold values: its texts are wiped when it goes.
struct WipedJson {
  WipedJson() = default;  // null
  explicit WipedJson(Json document) : json(std::move(document)) {}
  WipedJson(WipedJson&& other) noexcept : json(std::move(other.json)) {}
  WipedJson& operator=(WipedJson&& other) noexcept {
    json.swap(other.json);
    return *this;
  }
  WipedJson(const WipedJson&) = delete;
  WipedJson& operator=(const WipedJson&) = delete;
  ~WipedJson();

  Json json;
};

// Nullopt for anything but one whole object of bounded depth. The text is wiped.
std::optional<WipedJson> ParseObject(std::string& text);

// As the body of a request. Texts must be UTF-8: what is not would be replaced by the server
// without a word.
Secret ToSecret(const Json& json);

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

// Empty when absent or no text.
std::string TextAt(const Json& json, const std::string& key);
std::optional<std::int64_t> IntegerAt(const Json& json, const std::string& key);
// The members of an object that are texts.
Texts TextsOf(const Json& json);

}  // namespace tokenwarden::vault
