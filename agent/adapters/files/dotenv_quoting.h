// How the bytes of one value are spelled in a `.env` file. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/adapters/files/dotenv_document.h"

namespace tokenwarden::files {

// The quote that a character opens, kNone for any other character.
Quote QuoteOf(char character);

// The value between double quotes, with its escapes resolved.
std::string Unescape(std::string_view text);

// The spellings of a value, best first. `wanted` comes first if every loader and shell would read
// it back as it is; `was_loose`: the old unquoted value already held characters that a shell would
// not accept, so no shell reads this file and such characters may stay unquoted (Docker's
// --env-file knows no quotes).
std::vector<std::string> Spellings(std::string_view value, Quote wanted, bool was_loose);

// Holds nothing but characters that mean themselves everywhere.
bool IsShellSafe(std::string_view value);

}  // namespace tokenwarden::files
