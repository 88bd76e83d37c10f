#include "agent/core/observation.h"

#include "agent/core/words.h"

namespace tokenwarden {
namespace {

constexpr Word<Severity> kSeverities[] = {
    {Severity::kInfo, "info"},
    {Severity::kWarn, "warn"},
    {Severity::kFail, "fail"},
};

constexpr Word<DeadlineReason> kDeadlineReasons[] = {
    {DeadlineReason::kAccessExpiry, "access_expiry"},
    {DeadlineReason::kDataAccessExpiry, "data_access_expiry"},
    {DeadlineReason::kRefreshExpiry, "refresh_expiry"},
    {DeadlineReason::kKeyExpiry, "key_expiry"},
    {DeadlineReason::kVersionSunset, "version_sunset"},
    {DeadlineReason::kNever, "never"},
    {DeadlineReason::kUnknown, "unknown"},
};

}  // namespace

bool TellsATime(DeadlineReason reason) {
  return reason != DeadlineReason::kNever && reason != DeadlineReason::kUnknown;
}

std::string_view ToString(Severity severity) { return WordFor(kSeverities, severity); }
std::optional<Severity> ParseSeverity(std::string_view word) { return ValueFor(kSeverities, word); }
std::string_view ToString(DeadlineReason reason) { return WordFor(kDeadlineReasons, reason); }
std::optional<DeadlineReason> ParseDeadlineReason(std::string_view word) {
  return ValueFor(kDeadlineReasons, word);
}

Deadline EarliestDeadline(const TokenFacts& facts) {
  Deadline earliest;
  if (facts.lifetime == Lifetime::kNever) earliest.reason = DeadlineReason::kNever;
  // A date beside `never` or `unknown` is not an expiry: only a finite lifetime has one.
  if (facts.lifetime == Lifetime::kFinite && facts.expires_at) {
    earliest = {facts.expires_at, DeadlineReason::kAccessExpiry};
  }
  for (const ClockReading& clock : facts.other_clocks) {
    if (!TellsATime(clock.reason)) continue;
    if (!earliest.at || clock.at < *earliest.at) earliest = {clock.at, clock.reason};
  }
  return earliest;
}

}  // namespace tokenwarden
