// Careful reading of JSON from outside: nothing here throws, converts silently or trusts a type.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tokenwarden::meta {

using Json = nlohmann::json;

// Nullopt for anything but one whole document; a byte-order mark is skipped, nesting is bounded. Of
// duplicate keys the last wins.
std::optional<Json> ParseJson(std::string_view body);

// The member, or nullptr when `object` is no object, has no such member, or holds null there.
const Json* Find(const Json& object, std::string_view key);
const Json* FindObject(const Json& object, std::string_view key);
const Json* FindArray(const Json& object, std::string_view key);

// Empty when absent or of another type.
std::string TextAt(const Json& object, std::string_view key);
// Graph identifiers: digits, as text today and as numbers in old payloads. Empty when it is
// neither.
std::string IdAt(const Json& object, std::string_view key);
std::string IdOf(const Json& value);
// A whole number, also as text. Fractions and numbers beyond 64 bits are absent.
std::optional<std::int64_t> IntegerAt(const Json& object, std::string_view key);
std::optional<bool> FlagAt(const Json& object, std::string_view key);

// Words of the issuer's vocabulary (`SYSTEM_USER`, a scope): letters, digits, `_`, `.`, `-`, at
// most 64; anything else becomes empty, so that no free text of a reply reaches a message.
std::string WordAt(const Json& object, std::string_view key);
std::string SafeWord(const Json& value);

}  // namespace tokenwarden::meta
