// Versions of the Graph API and when they stop. Source: Meta's Graph API changelog, "Available
// versions".
#pragma once

#include <optional>
#include <string_view>

#include "agent/core/time.h"

namespace tokenwarden::meta {

inline constexpr std::string_view kDefaultVersion = "v25.0";

// The first day on which the version is no longer served; nullopt when that is not announced or the
// version is not known.
std::optional<Instant> SunsetOf(std::string_view version);

}  // namespace tokenwarden::meta
