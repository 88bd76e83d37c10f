#include "cli/render/json_writer.h"

#include <cstddef>
#include <utility>

namespace tokenwarden::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char At(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

// Length of the well-formed UTF-8 sequence at `i`; 0 when there is none. Table 3-7 of the Unicode
// Standard.
std::size_t SequenceAt(std::string_view text, std::size_t i) {
  const unsigned char a = At(text, i);
  const unsigned char b = At(text, i + 1);
  const auto follows = [&](std::size_t j) { return (At(text, j) & 0xC0) == 0x80; };
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return follows(i + 1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    const bool second = follows(i + 1) && !(a == 0xE0 && b < 0xA0) && !(a == 0xED && b > 0x9F);
    return second && follows(i + 2) ? 3 : 0;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    const bool second = follows(i + 1) && !(a == 0xF0 && b < 0x90) && !(a == 0xF4 && b > 0x8F);
    return second && follows(i + 2) && follows(i + 3) ? 4 : 0;
  }
  return 0;
}

void AppendControl(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 0xF];
}

}  // namespace

std::string JsonEscape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char byte = At(text, i);
    const std::size_t length = SequenceAt(text, i);
    if (length == 0) {
      out += kReplacement;
    } else if (byte < 0x20 || byte == 0x7F) {
      AppendControl(out, byte);
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else {
      out += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

void JsonWriter::Before(std::string_view key) {
  if (!first_) text_ += ',';
  first_ = false;
  if (key.empty()) return;
  text_ += '"';
  text_ += JsonEscape(key);
  text_ += "\":";
}

JsonWriter& JsonWriter::BeginObject(std::string_view key) {
  Before(key);
  text_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  text_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::BeginArray(std::string_view key) {
  Before(key);
  text_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  text_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view key, std::string_view value) {
  Before(key);
  text_ += '"';
  text_ += JsonEscape(value);
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::StringOrNull(std::string_view key, std::string_view value) {
  return value.empty() ? Null(key) : String(key, value);
}

JsonWriter& JsonWriter::Number(std::string_view key, std::int64_t value) {
  Before(key);
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::NumberOrNull(std::string_view key, std::optional<std::int64_t> value) {
  return value ? Number(key, *value) : Null(key);
}

JsonWriter& JsonWriter::Bool(std::string_view key, bool value) {
  Before(key);
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null(std::string_view key) {
  Before(key);
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::Time(std::string_view key, std::optional<Instant> value) {
  return value ? String(key, FormatUtc(*value)) : Null(key);
}

JsonWriter& JsonWriter::Strings(std::string_view key, const std::vector<std::string>& values) {
  BeginArray(key);
  for (const std::string& value : values) String({}, value);
  return EndArray();
}

std::string JsonWriter::Take() {
  text_ += '\n';
  return std::move(text_);
}

}  // namespace tokenwarden::cli
