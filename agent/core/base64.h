// Base64 of RFC 4648. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/core/secret.h"

namespace tokenwarden {

// The standard alphabet, with padding. The text is as secret as the bytes: wipe it.
std::string ToBase64(std::string_view bytes);

// The standard or the URL-safe alphabet, with or without padding, and nothing else.
std::optional<Secret> FromBase64(std::string_view text);

}  // namespace tokenwarden
