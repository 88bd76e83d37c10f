// Hex as people write keys. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/core/secret.h"

namespace tokenwarden::crypto {

std::string ToHex(std::string_view bytes);  // lower case

// Either case, an even number of digits and nothing else.
std::optional<Secret> FromHex(std::string_view text);

}  // namespace tokenwarden::crypto
