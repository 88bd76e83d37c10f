#include "agent/adapters/meta/rate_limit.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "agent/adapters/meta/http_date.h"
#include "agent/adapters/meta/json.h"

namespace tokenwarden::meta {
namespace {

constexpr const char* kCounters[] = {"call_count", "total_time", "total_cputime",
                                     "acc_id_util_pct"};
constexpr const char* kFlatHeaders[] = {"x-app-usage", "x-page-usage", "x-ad-account-usage"};
constexpr Seconds kLongestWait = kDay;

void ReadCounters(const Json& entry, Usage& usage) {
  for (const char* name : kCounters) {
    const Json* counter = Find(entry, name);
    if (counter != nullptr && counter->is_number()) {
      usage.percent = std::max(usage.percent, counter->get<double>());
    }
  }
  const auto minutes = IntegerAt(entry, "estimated_time_to_regain_access");
  if (minutes && *minutes > 0) {
    const Seconds wait =
        std::min(kLongestWait, Seconds(std::min<std::int64_t>(*minutes, 1440) * 60));
    usage.regain = std::max(usage.regain.value_or(Seconds(0)), wait);
  }
}

// One object per business, each with several entries.
void ReadBusinessUsage(const Json& document, Usage& usage) {
  if (!document.is_object()) return;
  for (const Json& entries : document) {
    if (!entries.is_array()) continue;
    for (const Json& entry : entries) ReadCounters(entry, usage);
  }
}

std::optional<Seconds> ReadRetryAfter(std::string_view text, Instant now) {
  long seconds = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, seconds);
  if (!text.empty() && problem == std::errc() && stopped == end && seconds >= 0) {
    return std::min(kLongestWait, Seconds(seconds));
  }
  const std::optional<Instant> until = ParseHttpDate(text);
  if (!until || *until < now) return std::nullopt;
  return std::min(kLongestWait, *until - now);
}

}  // namespace

Usage ReadUsage(const HttpReply& reply, Instant now) {
  Usage usage;
  for (const char* name : kFlatHeaders) {
    const std::string* text = reply.FindHeader(name);
    const auto document = text == nullptr ? std::nullopt : ParseJson(*text);
    if (document) ReadCounters(*document, usage);
  }
  const std::string* business = reply.FindHeader("x-business-use-case-usage");
  const auto document = business == nullptr ? std::nullopt : ParseJson(*business);
  if (document) ReadBusinessUsage(*document, usage);
  const std::string* retry_after = reply.FindHeader("retry-after");
  if (retry_after != nullptr) usage.wait = ReadRetryAfter(*retry_after, now);
  return usage;
}

std::optional<Seconds> WaitAfterThrottle(const Usage& usage) {
  if (!usage.regain && !usage.wait) return std::nullopt;
  const Seconds announced =
      std::max(usage.regain.value_or(Seconds(0)), usage.wait.value_or(Seconds(0)));
  return std::clamp(announced, kMinute, kLongestWait);
}

}  // namespace tokenwarden::meta
