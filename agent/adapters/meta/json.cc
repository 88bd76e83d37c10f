#include "agent/adapters/meta/json.h"

#include <algorithm>
#include <charconv>

namespace tokenwarden::meta {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kMaxId = 32;

// The parser of the library accepts any depth; its users should not have to.
bool IsShallow(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsWordCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

std::optional<Json> ParseJson(std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    body.remove_prefix(kByteOrderMark.size());
  }
  if (!IsShallow(body)) return std::nullopt;
  Json document = Json::parse(body, nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return document;
}

const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(key);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

const Json* FindObject(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  return member != nullptr && member->is_object() ? member : nullptr;
}

const Json* FindArray(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  return member != nullptr && member->is_array() ? member : nullptr;
}

std::string TextAt(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  return member != nullptr && member->is_string() ? member->get_ref<const std::string&>() : "";
}

std::string IdAt(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  return member == nullptr ? "" : IdOf(*member);
}

std::string IdOf(const Json& value) {
  if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
  if (!value.is_string()) return "";
  const auto& text = value.get_ref<const std::string&>();
  return IsDigits(text) && text.size() <= kMaxId ? text : "";
}

std::optional<std::int64_t> IntegerAt(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  if (member == nullptr) return std::nullopt;
  if (member->is_number_unsigned()) {
    const auto number = member->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (member->is_number_integer()) return member->get<std::int64_t>();
  if (!member->is_string()) return std::nullopt;
  const auto& text = member->get_ref<const std::string&>();
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<bool> FlagAt(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  if (member == nullptr || !member->is_boolean()) return std::nullopt;
  return member->get<bool>();
}

std::string SafeWord(const Json& value) {
  if (!value.is_string()) return "";
  const auto& text = value.get_ref<const std::string&>();
  const bool is_word = !text.empty() && text.size() <= kMaxWord &&
                       std::all_of(text.begin(), text.end(), IsWordCharacter);
  return is_word ? text : "";
}

std::string WordAt(const Json& object, std::string_view key) {
  const Json* member = Find(object, key);
  return member == nullptr ? "" : SafeWord(*member);
}

}  // namespace tokenwarden::meta
