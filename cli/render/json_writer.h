// JsonWriter: JSON text, in order, valid whatever it is fed. Pure.
//
// An own writer instead of a library: it only writes, keeps the order of the fields as documented,
// costs nothing at start-up, and replaces bytes that are not UTF-8 by U+FFFD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/time.h"

namespace tokenwarden::cli {

// The text between quotes, escaped.
std::string JsonEscape(std::string_view text);

// One object or array at a time; the destructor of nested scopes is replaced by explicit End calls.
class JsonWriter {
 public:
  JsonWriter& BeginObject(std::string_view key = {});
  JsonWriter& EndObject();
  JsonWriter& BeginArray(std::string_view key = {});
  JsonWriter& EndArray();

  JsonWriter& String(std::string_view key, std::string_view value);
  // Empty text is an absent fact: null.
  JsonWriter& StringOrNull(std::string_view key, std::string_view value);
  JsonWriter& Number(std::string_view key, std::int64_t value);
  JsonWriter& NumberOrNull(std::string_view key, std::optional<std::int64_t> value);
  JsonWriter& Bool(std::string_view key, bool value);
  JsonWriter& Null(std::string_view key);
  JsonWriter& Time(std::string_view key, std::optional<Instant> value);
  JsonWriter& Strings(std::string_view key, const std::vector<std::string>& values);

  // With a newline at the end.
  std::string Take();

 private:
  void Before(std::string_view key);

  std::string text_;
  bool first_ = true;
};

}  // namespace tokenwarden::cli
