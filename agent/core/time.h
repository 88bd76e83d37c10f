// Time as the product sees it: whole UTC seconds, always passed as an argument.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/result.h"

namespace tokenwarden {

using Seconds = std::chrono::seconds;
// A point on the wall clock, truncated to whole seconds: what is stored equals what is compared.
using Instant = std::chrono::sys_seconds;

inline constexpr Seconds kMinute{60};
inline constexpr Seconds kHour{3600};
inline constexpr Seconds kDay{86400};

// Unix seconds that a date can have: before the year 10000. Larger ones from outside are refused.
inline constexpr long long kMaxUnixSeconds = 253402300799;

inline Instant FromUnix(long long seconds) { return Instant(Seconds(seconds)); }
inline long long ToUnix(Instant at) { return at.time_since_epoch().count(); }

// `2026-11-20T10:00:00Z`.
std::string FormatUtc(Instant at);
std::optional<Instant> ParseUtc(std::string_view text);

// For people, at most two units: `3 days 2 hours`, `45 seconds`; a negative duration is shown by
// its size.
std::string FormatDuration(Seconds duration);

// `90s`, `15m`, `12h`, `14d`, `2w`, or several in falling order: `1h30m`. The error names the text
// and the accepted forms. Zero is accepted as `0` or `0s`; negatives and overflow are not.
Result<Seconds> ParseDuration(std::string_view text);

}  // namespace tokenwarden
