// Members of JSON objects by their names: what is absent has no member, which keeps what is stored
// small. Readers throw json::exception for a member of another type or an unknown word; whoever
// calls them turns that into damage.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/time.h"

namespace tokenwarden::codec {

using nlohmann::json;

inline void Put(json& to, const char* key, const std::string& text) {
  if (!text.empty()) to[key] = text;
}
inline void Put(json& to, const char* key, const std::vector<std::string>& texts) {
  if (!texts.empty()) to[key] = texts;
}
inline void Put(json& to, const char* key, const std::optional<Instant>& at) {
  if (at) to[key] = ToUnix(*at);
}
inline void Put(json& to, const char* key, const std::optional<Seconds>& duration) {
  if (duration) to[key] = duration->count();
}
template <typename Number>
void PutNumber(json& to, const char* key, const std::optional<Number>& number) {
  if (number) to[key] = *number;
}

inline std::string Text(const json& from, const char* key) {
  return from.value(key, std::string());
}
inline std::vector<std::string> Texts(const json& from, const char* key) {
  return from.value(key, std::vector<std::string>());
}
// Only a whole number that the type holds: to convert any other is undefined.
template <typename Number>
Number Whole(const json& from) {
  if (from.is_number_unsigned()) {
    const auto number = from.get<std::uint64_t>();
    if (std::in_range<Number>(number)) return static_cast<Number>(number);
  } else if (from.is_number_integer()) {
    const auto number = from.get<std::int64_t>();
    if (std::in_range<Number>(number)) return static_cast<Number>(number);
  }
  throw json::other_error::create(501, "no whole number in range", nullptr);
}
template <typename Number>
std::optional<Number> NumberOf(const json& from, const char* key) {
  const auto found = from.find(key);
  return found == from.end() ? std::nullopt : std::optional(Whole<Number>(*found));
}
inline std::optional<Instant> Time(const json& from, const char* key) {
  const auto seconds = NumberOf<std::int64_t>(from, key);
  return seconds ? std::optional(FromUnix(*seconds)) : std::nullopt;
}
inline std::optional<Seconds> Duration(const json& from, const char* key) {
  const auto seconds = NumberOf<std::int64_t>(from, key);
  return seconds ? std::optional(Seconds{*seconds}) : std::nullopt;
}

// Words of our own vocabularies.
template <typename Value>
Value Known(const std::optional<Value>& value) {
  if (!value) throw json::other_error::create(501, "unknown word", nullptr);
  return *value;
}
// An object or a list inside, or an empty one.
inline const json& Part(const json& from, const char* key) {
  static const json kNothing = json::object();
  const auto found = from.find(key);
  return found == from.end() ? kNothing : *found;
}

}  // namespace tokenwarden::codec
