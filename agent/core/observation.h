// Observation: what one look at an issuer showed. A value: complete or absent, never edited later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/time.h"
#include "agent/core/verdict.h"

namespace tokenwarden {

// Where the verdict comes from. Absent facts stay absent; nothing is invented.
struct Evidence {
  std::string endpoint;  // `debug_token`, `phone_number`, …; never a URL
  std::optional<int> http_status;
  std::optional<std::int64_t> code;
  std::optional<std::int64_t> subcode;
  std::string trace_id;
  Instant observed_at{};

  bool operator==(const Evidence&) const = default;
};

enum class Severity { kInfo, kWarn, kFail };
std::string_view ToString(Severity severity);
std::optional<Severity> ParseSeverity(std::string_view word);

// Something wrong around a living token. It gates as its severity says.
struct Finding {
  std::string id;  // a fixed word: `no_subscribed_app`, `quality_red`, …
  Severity severity = Severity::kInfo;
  std::string message;
  std::string action;

  bool operator==(const Finding&) const = default;
};

// Which clock a deadline comes from.
enum class DeadlineReason {
  kAccessExpiry,
  kDataAccessExpiry,
  kRefreshExpiry,
  kKeyExpiry,
  kVersionSunset,
  kNever,
  kUnknown,
};
std::string_view ToString(DeadlineReason reason);
std::optional<DeadlineReason> ParseDeadlineReason(std::string_view word);
bool TellsATime(DeadlineReason reason);  // not never, not unknown

struct ClockReading {
  DeadlineReason reason = DeadlineReason::kUnknown;
  Instant at{};

  bool operator==(const ClockReading&) const = default;
};

// What the issuer said about the value. Empty strings and nullopt mean: it did not say.
struct TokenFacts {
  std::string kind;  // `user`, `system_user`, `page`, `app`, …
  std::string app_id;
  std::string user_id;     // the principal
  std::string profile_id;  // the page of a page token
  Lifetime lifetime = Lifetime::kUnknown;
  std::optional<Instant> expires_at;  // access expiry, as the issuer gave it
  std::optional<Instant> issued_at;
  std::vector<std::string> scopes;
  std::vector<ClockReading> other_clocks;  // data access, version sunset, …; not access expiry

  bool operator==(const TokenFacts&) const = default;
};

struct Observation {
  Verdict verdict = Verdict::kIndeterminate;
  Reason reason = Reason::kOutage;
  std::string message;  // what was seen, one sentence, no secret
  std::string action;   // what to do now; empty when nothing
  TokenFacts facts;
  std::vector<std::string> missing_scopes;
  std::vector<Finding> findings;
  std::vector<std::string> unproven;  // sentences: what could not be proven and why
  Evidence evidence;
  std::optional<Seconds> retry_after;  // the issuer told us to wait this long
  std::optional<Seconds> clock_skew;   // our clock minus the issuer's

  bool operator==(const Observation&) const = default;
};

// The earliest of the clocks. `at` is absent for never and unknown.
struct Deadline {
  std::optional<Instant> at;
  DeadlineReason reason = DeadlineReason::kUnknown;

  bool operator==(const Deadline&) const = default;
};
Deadline EarliestDeadline(const TokenFacts& facts);

}  // namespace tokenwarden
