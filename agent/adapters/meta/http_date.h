// Dates of HTTP headers.
#pragma once

#include <optional>
#include <string_view>

#include "agent/core/time.h"

namespace tokenwarden::meta {

// The one form in use: `Fri, 20 Nov 2026 10:00:00 GMT` (RFC 9110, IMF-fixdate).
std::optional<Instant> ParseHttpDate(std::string_view text);

}  // namespace tokenwarden::meta
