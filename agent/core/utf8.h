// CleanUtf8: text that any reader of UTF-8 accepts.
#pragma once

#include <string>
#include <string_view>

namespace tokenwarden {

// Replaces each byte that is not part of well-formed UTF-8 by U+FFFD.
std::string CleanUtf8(std::string_view text);

}  // namespace tokenwarden
