#include "agent/core/due.h"

#include <algorithm>
#include <iterator>

namespace tokenwarden {
namespace {

struct Pace {
  Seconds first;
  Seconds ceiling;
};
constexpr Pace kRenewPace{kMinute, kHour * 6};
constexpr Pace kSinkPace{Seconds{5}, kMinute * 10};
constexpr Seconds kFirstInspectRetry{30};

// Small steps of a clock that is being set are no reason to distrust what we remember.
constexpr Seconds kClockTolerance = kMinute;
// No issuer may silence us for longer by one reply.
constexpr Seconds kLongestWait = kDay * 2;

bool IsInFuture(const std::optional<Instant>& at, Instant now) {
  return at && *at > now + kClockTolerance;
}

std::optional<Seconds> LeftAt(const CredentialState& state, Instant at) {
  if (!state.conclusive) return std::nullopt;
  const Deadline deadline = EarliestDeadline(state.conclusive->facts);
  return deadline.at ? std::optional(*deadline.at - at) : std::nullopt;
}

// What the issuer imposed, unless it was noted by a clock that has jumped back since.
Instant NotBefore(const Attempts& attempts, Instant now) {
  if (!attempts.not_before || IsInFuture(attempts.last_at, now)) return Instant::min();
  if (!attempts.last_at) return *attempts.not_before;
  return std::min(*attempts.not_before, *attempts.last_at + kLongestWait);
}

// The first moment for another try after the ones already made.
Instant RetryAt(const Attempts& attempts, Pace pace, const CredentialState& state, Instant now) {
  const Instant imposed = NotBefore(attempts, now);
  if (!attempts.last_at || IsInFuture(attempts.last_at, now)) return imposed;
  const Seconds delay = BackoffDelay(attempts.consecutive_failures, pace.first, pace.ceiling,
                                     LeftAt(state, *attempts.last_at));
  return std::max(imposed, *attempts.last_at + delay);
}

Seconds InspectEvery(const CredentialSpec& spec) {
  return std::max(spec.inspect_every, Seconds{1});
}

// By schedule or backoff alone, counted from the last try.
Instant ScheduledInspection(const Snapshot& snapshot, Instant last, Instant now) {
  const CredentialState& state = snapshot.state;
  const Seconds every = InspectEvery(snapshot.spec);
  const std::uint32_t failures = state.inspect.consecutive_failures;
  Instant due = last + every - JitterFor(snapshot.spec.name, every / 10);
  if (failures > 0) {
    due = last + BackoffDelay(failures, kFirstInspectRetry, every, LeftAt(state, last));
  }
  const bool evidence_from_future =
      state.conclusive && IsInFuture(state.conclusive->evidence.observed_at, now);
  return evidence_from_future ? std::min(due, last + std::min(every, kFirstInspectRetry)) : due;
}

// The first clock of the token that ends after `since`: what was seen before says nothing of
// afterwards.
Instant NextEndAfter(const CredentialState& state, Instant since) {
  Instant next = kNothingDue;
  if (!state.conclusive || IsDead(state.conclusive->verdict)) return next;
  const TokenFacts& facts = state.conclusive->facts;
  if (facts.lifetime == Lifetime::kFinite && facts.expires_at && *facts.expires_at > since) {
    next = *facts.expires_at;
  }
  for (const ClockReading& clock : facts.other_clocks) {
    if (TellsATime(clock.reason) && clock.at > since) next = std::min(next, clock.at);
  }
  return next;
}

// Alive, ours, and worth a longer life.
bool IsRenewable(const CredentialState& state) {
  if (state.generation == 0 || !state.conclusive) return false;
  const Verdict verdict = state.conclusive->verdict;
  return !IsDead(verdict) && verdict != Verdict::kWrongIdentity && IsConclusive(verdict);
}

// A renewal in flight, or a person who must act first.
bool RenewalIsBlocked(const CredentialState& state) {
  if (state.rotation && IsBeforeCurrent(*state.rotation)) return true;
  return state.operator_need && !IsPolicyNeed(state);
}

// At its end a value can no longer be renewed, unless the issuer called it alive even then.
bool EndsBefore(const CredentialState& state, Instant at) {
  const Observation& seen = *state.conclusive;
  if (seen.facts.lifetime != Lifetime::kFinite || !seen.facts.expires_at) return false;
  const Instant end = *seen.facts.expires_at;
  return at >= end && seen.evidence.observed_at < end;
}

// While a grace runs several tries must fit into it: afterwards the old value is worth nothing. One
// more comes right after it, which finds that out.
Pace RenewPaceOf(const Snapshot& snapshot, Instant now) {
  const std::optional<Instant> lost_at = snapshot.state.reply_lost_at;
  const Seconds part = std::max(snapshot.grace / 6, Seconds{1});
  if (!lost_at || now - *lost_at - part >= snapshot.grace) return kRenewPace;
  return {std::min(kRenewPace.first, part), std::min(kRenewPace.ceiling, part)};
}

Instant AttemptFrom(const Snapshot& snapshot, Instant wanted, Instant now) {
  const CredentialState& state = snapshot.state;
  if (wanted == kNothingDue || !snapshot.can_refresh || RenewalIsBlocked(state)) return kNothingDue;
  const Instant due =
      std::max(wanted, RetryAt(state.renew, RenewPaceOf(snapshot, now), state, now));
  return EndsBefore(state, std::max(due, now)) ? kNothingDue : due;
}

Instant NearExpiryWantedAt(const Snapshot& snapshot) {
  if (!IsRenewable(snapshot.state)) return kNothingDue;
  return RenewalDueAt(snapshot.spec, snapshot.state).value_or(kNothingDue);
}

Instant MaxAgeWantedAt(const Snapshot& snapshot) {
  const CredentialState& state = snapshot.state;
  if (!snapshot.spec.renew.max_age || !IsRenewable(state)) return kNothingDue;
  std::optional<Instant> born = state.conclusive->facts.issued_at;
  if (!born) born = state.generation_since;
  // An issuer may answer with the same value: its age must not ask for a renewal again at once.
  if (state.renew.last_success_at) {
    born = born ? std::max(*born, *state.renew.last_success_at) : *state.renew.last_success_at;
  }
  return born ? *born + *snapshot.spec.renew.max_age : kNothingDue;
}

const SinkState* FindSink(const CredentialState& state, const std::string& target) {
  for (const SinkState& sink : state.sinks) {
    if (sink.target == target) return &sink;
  }
  return nullptr;
}

}  // namespace

bool MayAskNow(const Attempts& attempts, Instant now) { return NotBefore(attempts, now) <= now; }

bool SpecHasChanged(const Snapshot& snapshot) {
  const std::string& tried = snapshot.state.spec_digest;
  return !snapshot.spec_digest.empty() && !tried.empty() && snapshot.spec_digest != tried;
}

bool IsPolicyNeed(const CredentialState& state) {
  if (!state.operator_need) return false;
  const std::string& reason = state.operator_need->reason;
  // These two words are also given to refused candidates, and a refused candidate waits for a
  // person.
  if (reason == "wrong_identity" || reason == "restricted") {
    return state.refused_fingerprint.empty();
  }
  constexpr std::string_view kOurs[] = {"expired", "revoked", "malformed", "under_scoped",
                                        "cannot_renew"};
  return std::find(std::begin(kOurs), std::end(kOurs), reason) != std::end(kOurs);
}

Instant InspectDueAt(const Snapshot& snapshot, Instant now) {
  const Attempts& inspect = snapshot.state.inspect;
  // Never tried, or tried at a time that has not come yet: the clock jumped back.
  if (!inspect.last_at || IsInFuture(inspect.last_at, now)) return now;
  if (SpecHasChanged(snapshot)) return NotBefore(inspect, now);
  const Instant scheduled = ScheduledInspection(snapshot, *inspect.last_at, now);
  const Instant due = std::min(scheduled, NextEndAfter(snapshot.state, *inspect.last_at));
  return std::max(due, NotBefore(inspect, now));
}

Instant NearExpiryDueAt(const Snapshot& snapshot, Instant now) {
  return AttemptFrom(snapshot, NearExpiryWantedAt(snapshot), now);
}

Instant MaxAgeDueAt(const Snapshot& snapshot, Instant now) {
  return AttemptFrom(snapshot, MaxAgeWantedAt(snapshot), now);
}

Instant ReplaceDeadDueAt(const Snapshot& snapshot, Instant now) {
  const CredentialState& state = snapshot.state;
  const bool dead = state.generation != 0 && state.conclusive && IsDead(state.conclusive->verdict);
  if (!dead || !snapshot.can_replace_dead || RenewalIsBlocked(state)) return kNothingDue;
  return RetryAt(state.renew, kRenewPace, state, now);
}

Instant CannotRenewDueAt(const Snapshot& snapshot, Instant now) {
  if (snapshot.can_refresh) return kNothingDue;
  const Instant wanted = std::min(NearExpiryWantedAt(snapshot), MaxAgeWantedAt(snapshot));
  if (wanted == kNothingDue) return kNothingDue;
  return EndsBefore(snapshot.state, std::max(wanted, now)) ? kNothingDue : wanted;
}

Instant SinkDueAt(const Snapshot& snapshot, const SinkSpec& sink, Instant now) {
  const CredentialState& state = snapshot.state;
  // A value known to be dead helps nobody, and could overwrite what a person put there instead.
  const bool dead = state.conclusive && IsDead(state.conclusive->verdict);
  if (state.generation == 0 || dead) return kNothingDue;
  const SinkState* known = FindSink(state, sink.Target());
  if (known == nullptr) return Instant::min();
  if (known->drifted && sink.drift == Drift::kAlarm) return kNothingDue;
  if (known->generation >= state.generation && !known->drifted) return kNothingDue;
  const bool tried = known->last_attempt_at && !IsInFuture(known->last_attempt_at, now);
  if (!tried || known->consecutive_failures == 0) return Instant::min();
  return *known->last_attempt_at + BackoffDelay(known->consecutive_failures, kSinkPace.first,
                                                kSinkPace.ceiling,
                                                LeftAt(state, *known->last_attempt_at));
}

Instant EarliestDue(const Snapshot& snapshot, Instant now) {
  Instant earliest = kNothingDue;
  const auto consider = [&](Instant due) {
    if (due > now) earliest = std::min(earliest, due);
  };
  consider(InspectDueAt(snapshot, now));
  consider(NearExpiryDueAt(snapshot, now));
  consider(MaxAgeDueAt(snapshot, now));
  consider(ReplaceDeadDueAt(snapshot, now));
  const auto& need = snapshot.state.operator_need;
  const bool told = need && (!IsPolicyNeed(snapshot.state) || need->reason == "cannot_renew");
  if (!told) consider(CannotRenewDueAt(snapshot, now));
  for (const SinkSpec& sink : snapshot.spec.sinks) consider(SinkDueAt(snapshot, sink, now));
  return earliest;
}

}  // namespace tokenwarden
