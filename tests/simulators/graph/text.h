// Small pure text helpers: encodings, digests, patterns, and the service's way to write a date.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulators/graph/http_message.h"

namespace tokenwarden::graph_simulator {

std::vector<std::string> Split(std::string_view text, char separator);  // no empty pieces
std::string Lower(std::string_view text);
bool IsDigits(std::string_view text);        // at least one character
bool IsAlphanumeric(std::string_view text);  // at least one character
bool GlobMatches(std::string_view pattern,
                 std::string_view text);  // `*` and `?`; `*` spans slashes

std::string UrlEncode(std::string_view text);
std::string UrlDecode(std::string_view text, bool plus_is_space);
Params ParseForm(std::string_view body);
std::string Base64(std::string_view bytes);
std::string FromBase64(std::string_view text);  // empty when it is not base64

std::string HmacSha256(std::string_view key, std::string_view message);  // 32 raw bytes
std::string Hex(std::string_view bytes);
std::string Sha256Prefix(std::string_view text);  // 12 hexadecimal digits

// `Wednesday, 16-Nov-22 07:45:51 PST`, as in the service's messages about sessions.
std::string PacificTime(std::int64_t unix_seconds);
// `Sun, 06 Nov 1994 08:49:37 GMT`
std::string HttpDate(std::int64_t unix_seconds);
std::string Iso8601(std::int64_t unix_seconds);

}  // namespace tokenwarden::graph_simulator
