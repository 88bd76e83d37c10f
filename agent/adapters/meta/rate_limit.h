// What the issuer's headers say about quotas. Absent and malformed headers are normal.
// Source: Meta's "Rate Limits" page and headers observed in public bug reports.
#pragma once

#include <optional>

#include "agent/core/time.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::meta {

struct Usage {
  double percent = 0;             // the highest of all counters; may exceed 100
  std::optional<Seconds> regain;  // the longest announced wait until access comes back
  std::optional<Seconds> wait;    // Retry-After
};

Usage ReadUsage(const HttpReply& reply, Instant now);

// How long to stay away: the longest of what was announced, between a minute and a day. Nothing
// when nothing was.
std::optional<Seconds> WaitAfterThrottle(const Usage& usage);

}  // namespace tokenwarden::meta
