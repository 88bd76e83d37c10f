// Careful reading of the API server's JSON: nothing here throws or trusts a type.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tokenwarden::kubernetes {

using Json = nlohmann::json;
using Path = std::initializer_list<std::string_view>;

// Nullopt for anything but one whole document of bounded depth.
std::optional<Json> ParseJson(std::string_view text);

// What is at the end of the path, or nullptr when a step is missing, null, or leads into something
// that is no object.
const Json* At(const Json& object, Path path);
// Empty when absent or no text.
std::string TextAt(const Json& object, Path path);
std::optional<std::int64_t> IntegerAt(const Json& object, Path path);

// A document that may hold values: its texts are wiped when it goes.
struct WipedJson {
  explicit WipedJson(Json document) : json(std::move(document)) {}
  WipedJson(WipedJson&&) = default;
  WipedJson& operator=(WipedJson&&) = default;
  ~WipedJson();

  Json json;
};

}  // namespace tokenwarden::kubernetes
