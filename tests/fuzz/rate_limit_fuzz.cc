// The headers about quotas, and dates: one header per line.
#include <cmath>

#include "agent/adapters/meta/http_date.h"
#include "agent/adapters/meta/rate_limit.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HttpReply reply;
  for (std::string_view rest = fuzz::Text(data, size); !rest.empty();) {
    std::string_view line = fuzz::Cut(rest, "\n");
    const std::string_view name = fuzz::Cut(line, ": ");
    reply.headers.emplace_back(std::string(name), std::string(line));
    if (const auto date = meta::ParseHttpDate(line)) (void)FormatUtc(*date);
  }
  const meta::Usage usage = meta::ReadUsage(reply, FromUnix(1795168800));
  fuzz::Require(std::isfinite(usage.percent) && usage.percent >= 0, "a percentage is a number");
  if (const auto wait = meta::WaitAfterThrottle(usage)) {
    fuzz::Require(*wait >= Seconds{60} && *wait <= kDay, "a wait is between a minute and a day");
  }
  return 0;
}
