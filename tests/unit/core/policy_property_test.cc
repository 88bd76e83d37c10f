// Properties of the policy over many thousands of snapshots, and a naive second opinion.
// The seeds are fixed: a failure repeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "agent/core/refresh_policy.h"
#include "tests/unit/core/build_cases.h"

namespace tokenwarden {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
  bool Chance(int percent) { return Below(100) < static_cast<std::uint64_t>(percent); }
  // Mostly round distances, where off-by-one errors live.
  Seconds Distance() {
    constexpr long long kRound[] = {0, 1, 30, 59, 60, 61, 600, 900, 3600, 21600, 86400, 864000};
    if (Chance(60)) return Seconds{kRound[Below(std::size(kRound))]};
    return Seconds{static_cast<long long>(Below(86400 * 90))};
  }
  Instant Past() { return kNow - Distance(); }
  Instant Around() { return Chance(50) ? kNow - Distance() : kNow + Distance(); }
  std::optional<Instant> MaybePast(int percent) {
    return Chance(percent) ? std::optional(Past()) : std::nullopt;
  }

 private:
  std::mt19937_64 engine_;
};

enum class ClockKind { kSound, kMayHaveJumpedBack };

Attempts RandomAttempts(Dice& dice, ClockKind clock) {
  Attempts attempts;
  attempts.last_at = dice.MaybePast(80);
  if (clock == ClockKind::kMayHaveJumpedBack && dice.Chance(10)) attempts.last_at = dice.Around();
  if (attempts.last_at && dice.Chance(40)) {
    attempts.consecutive_failures = static_cast<std::uint32_t>(dice.Below(12));
  }
  if (attempts.last_at && dice.Chance(15))
    attempts.not_before = *attempts.last_at + dice.Distance();
  return attempts;
}

Observation RandomObservation(Dice& dice) {
  // A dead or foreign verdict in every second case would drown the rest.
  const auto verdict =
      dice.Chance(60) ? Verdict::kValid : static_cast<Verdict>(dice.Below(kVerdictCount - 1));
  Observation seen = Seen(verdict, Reason::kConfirmed);
  seen.evidence.observed_at = dice.Past();
  seen.facts.lifetime = static_cast<Lifetime>(dice.Below(3));
  if (seen.facts.lifetime == Lifetime::kFinite) seen.facts.expires_at = dice.Around();
  if (dice.Chance(60)) seen.facts.issued_at = dice.Past();
  if (dice.Chance(30)) {
    seen.facts.other_clocks = {{static_cast<DeadlineReason>(1 + dice.Below(6)), dice.Around()}};
  }
  return seen;
}

constexpr const char* kNeeds[] = {"expired",      "revoked",    "malformed",    "wrong_identity",
                                  "under_scoped", "restricted", "cannot_renew", "shorter_life",
                                  "lost_reply",   "no_value"};

Credential RandomCredential(Dice& dice, ClockKind clock) {
  Credential c;
  c.spec.name = "credential-" + std::to_string(dice.Below(50));
  c.state.generation = dice.Chance(10) ? 0 : 1 + dice.Below(3);
  if (dice.Chance(20)) c.spec.source.reset();
  if (dice.Chance(30)) c.spec.renew.before = dice.Distance();
  if (dice.Chance(20)) c.spec.renew.max_age = dice.Distance() + kMinute;
  if (dice.Chance(30)) c.spec.inspect_every = dice.Distance();
  c.state.conclusive.reset();
  if (dice.Chance(85)) c.state.conclusive = RandomObservation(dice);
  c.state.generation_since = dice.MaybePast(80);
  c.state.inspect = RandomAttempts(dice, clock);
  c.state.renew = RandomAttempts(dice, clock);
  if (dice.Chance(20)) c.state.renew.last_success_at = c.state.renew.last_at;
  if (dice.Chance(15)) c.state.rotation = static_cast<RotationState>(dice.Below(12));
  if (dice.Chance(30)) {
    c.state.operator_need = OperatorNeed{kNeeds[dice.Below(std::size(kNeeds))], "told", kNow};
  }
  if (dice.Chance(10)) c.state.refused_fingerprint.text = "hmac:refused";
  if (dice.Chance(10)) c.spec_digest = "another";
  for (std::uint64_t i = dice.Below(3); i > 0; --i) {
    c.AddSink(DotenvSink("sink" + std::to_string(i), static_cast<Drift>(dice.Below(3))),
              dice.Below(c.state.generation + 1));
    SinkState& sink = c.state.sinks.back();
    sink.drifted = dice.Chance(20);
    sink.last_attempt_at = dice.MaybePast(70);
    sink.consecutive_failures = dice.Chance(40) ? static_cast<std::uint32_t>(dice.Below(9)) : 0;
  }
  c.can_refresh = dice.Chance(70);
  c.can_replace_dead = c.can_refresh && dice.Chance(20);
  return c;
}

TEST(PolicyProperties, ItAlwaysAnswersAndTheSameEachTime) {
  Dice dice(1);
  for (int i = 0; i < 20000; ++i) {
    Credential c = RandomCredential(dice, ClockKind::kMayHaveJumpedBack);
    c.asked_inspect = dice.Chance(10);
    c.asked_refresh = dice.Chance(10);
    const Decision decision = c.DecideNow();
    ASSERT_EQ(decision, c.DecideNow());
    ASSERT_FALSE(decision.reason.empty());
    ASSERT_FALSE(decision.sentence.empty());
    ASSERT_EQ(decision.action == Action::kHold, decision.until.has_value());
    ASSERT_EQ(decision.action == Action::kPublish, !decision.targets.empty());
    ASSERT_GT(decision.until.value_or(Instant::max()), kNow) << decision.sentence;
  }
}

TEST(PolicyProperties, ItWakesExactlyWhenSomethingIsDueAndNotBefore) {
  Dice dice(2);
  int held = 0;
  for (int i = 0; i < 40000; ++i) {
    const Credential c = RandomCredential(dice, ClockKind::kSound);
    const Decision decision = c.DecideNow();
    if (decision.action != Action::kHold || *decision.until == Instant::max()) continue;
    // A source that cannot be read is looked at by the places' own schedule.
    if (c.state.generation == 0 && !c.state.inspect.last_at) continue;
    ++held;
    const Decision before = c.DecideAt(*decision.until - Seconds{1});
    ASSERT_EQ(before.action, Action::kHold) << decision.sentence << " / " << before.sentence;
    ASSERT_EQ(before.until, decision.until);
    const Decision then = c.DecideAt(*decision.until);
    ASSERT_NE(then.action, Action::kHold) << i << " " << decision.sentence;
  }
  EXPECT_GT(held, 2000) << "the generator no longer reaches this case";
}

TEST(PolicyProperties, ItNeverRenewsADeadForeignUnknownOrUnfinishedCredential) {
  Dice dice(3);
  int refreshed = 0;
  for (int i = 0; i < 40000; ++i) {
    const Credential c = RandomCredential(dice, ClockKind::kMayHaveJumpedBack);
    if (c.DecideNow().action != Action::kRefresh) continue;
    ++refreshed;
    ASSERT_TRUE(c.can_refresh && c.state.generation != 0 && c.state.conclusive);
    const Verdict verdict = c.state.conclusive->verdict;
    ASSERT_TRUE(!IsDead(verdict) || c.can_replace_dead);
    ASSERT_NE(verdict, Verdict::kWrongIdentity);
    ASSERT_FALSE(IsBeforeCurrent(c.state.rotation.value_or(RotationState::kRetired)));
    const bool ends = c.state.conclusive->facts.lifetime == Lifetime::kFinite;
    ASSERT_TRUE(ends || c.spec.renew.max_age || IsDead(verdict)) << "never-expiring ones stay";
  }
  EXPECT_GT(refreshed, 500);
}

// ---- a second opinion: the same policy as plain ifs, without the due functions ----

std::optional<Seconds> NaiveLeft(const Credential& c, Instant at) {
  if (!c.state.conclusive) return std::nullopt;
  const Deadline deadline = EarliestDeadline(c.state.conclusive->facts);
  return deadline.at ? std::optional(*deadline.at - at) : std::nullopt;
}

bool NaiveMayTry(const Credential& c, const Attempts& a, Seconds first, Seconds ceiling) {
  if (a.not_before && *a.not_before > kNow && a.last_at && *a.last_at + kDay * 2 > kNow)
    return false;
  if (!a.last_at) return true;
  return kNow - *a.last_at >=
         BackoffDelay(a.consecutive_failures, first, ceiling, NaiveLeft(c, *a.last_at));
}

bool NaiveInspectDue(const Credential& c) {
  const Attempts& a = c.state.inspect;
  if (!a.last_at) return true;
  if (a.not_before && *a.not_before > kNow && *a.last_at + kDay * 2 > kNow) return false;
  if (c.spec_digest != c.state.spec_digest) return true;
  if (c.state.conclusive && !IsDead(c.state.conclusive->verdict)) {
    const TokenFacts& facts = c.state.conclusive->facts;
    if (facts.expires_at && *facts.expires_at > *a.last_at && *facts.expires_at <= kNow)
      return true;
    for (const ClockReading& clock : facts.other_clocks) {
      const bool tells =
          clock.reason != DeadlineReason::kNever && clock.reason != DeadlineReason::kUnknown;
      if (tells && clock.at > *a.last_at && clock.at <= kNow) return true;
    }
  }
  const Seconds every = std::max(c.spec.inspect_every, Seconds{1});
  if (a.consecutive_failures > 0) return NaiveMayTry(c, a, Seconds{30}, every);
  return kNow - *a.last_at >= every - JitterFor(c.spec.name, every / 10);
}

bool NaivePolicyNeed(const Credential& c) {
  const std::string& reason = c.state.operator_need->reason;
  if (reason == "expired" || reason == "revoked" || reason == "malformed") return true;
  if (reason == "under_scoped" || reason == "cannot_renew") return true;
  const bool shared = reason == "wrong_identity" || reason == "restricted";
  return shared && c.state.refused_fingerprint.empty();
}

bool NaiveSinkDue(const Credential& c) {
  for (std::size_t i = 0; i < c.spec.sinks.size(); ++i) {
    const SinkState& sink = c.state.sinks[i];
    if (sink.drifted && c.spec.sinks[i].drift == Drift::kAlarm) continue;
    if (sink.generation == c.state.generation && !sink.drifted) continue;
    if (!sink.last_attempt_at || sink.consecutive_failures == 0) return true;
    const Instant last = *sink.last_attempt_at;
    const Seconds delay =
        BackoffDelay(sink.consecutive_failures, Seconds{5}, kMinute * 10, NaiveLeft(c, last));
    if (kNow - last >= delay) return true;
  }
  return false;
}

bool NaiveMaxAgeReached(const Credential& c) {
  if (!c.spec.renew.max_age) return false;
  const TokenFacts& facts = c.state.conclusive->facts;
  std::optional<Instant> born = facts.issued_at ? facts.issued_at : c.state.generation_since;
  const std::optional<Instant> renewed = c.state.renew.last_success_at;
  if (renewed && (!born || *renewed > *born)) born = renewed;
  return born && kNow - *born >= *c.spec.renew.max_age;
}

std::string NaiveNeed(const Credential& c, bool wants_renewal) {
  const Verdict verdict = c.state.conclusive->verdict;
  if (IsDead(verdict)) return c.can_replace_dead ? "" : std::string(ToString(verdict));
  if (wants_renewal && !c.can_refresh) return "cannot_renew";
  return verdict == Verdict::kValid ? "" : std::string(ToString(verdict));
}

std::string NaiveDecision(const Credential& c) {
  const bool has_need = c.state.operator_need.has_value();
  if (c.state.generation == 0) {
    if (!c.spec.source) return has_need ? "hold" : "needs_operator";
    if (has_need && !c.state.inspect.last_at) return "hold";
    return NaiveInspectDue(c) ? "inspect" : "hold";
  }
  const Attempts& inspect = c.state.inspect;
  const bool told_to_wait =
      inspect.not_before && *inspect.not_before > kNow && *inspect.last_at + kDay * 2 > kNow;
  if (c.spec_digest != c.state.spec_digest && !told_to_wait) return "inspect";
  const bool dead = c.state.conclusive && IsDead(c.state.conclusive->verdict);
  if (!dead && NaiveSinkDue(c)) return "publish";
  if (!c.state.conclusive) return NaiveInspectDue(c) ? "inspect" : "hold";

  const TokenFacts& facts = c.state.conclusive->facts;
  const bool in_flight = c.state.rotation && IsBeforeCurrent(*c.state.rotation);
  const bool blocked = in_flight || (has_need && !NaivePolicyNeed(c));
  const bool may_renew = !blocked && NaiveMayTry(c, c.state.renew, kMinute, kHour * 6);
  if (dead && c.can_replace_dead && may_renew) return "refresh";

  const bool foreign = c.state.conclusive->verdict == Verdict::kWrongIdentity;
  const bool ended = facts.lifetime == Lifetime::kFinite && *facts.expires_at <= kNow &&
                     c.state.conclusive->evidence.observed_at < *facts.expires_at;
  const auto due = RenewalDueAt(c.spec, c.state);
  const bool wants_renewal =
      !dead && !foreign && !ended && ((due && *due <= kNow) || NaiveMaxAgeReached(c));

  const std::string need = NaiveNeed(c, wants_renewal);
  const bool told = has_need && c.state.operator_need->reason == need;
  const bool over =
      has_need && !told && (NaivePolicyNeed(c) || (dead && c.state.refused_fingerprint.empty()));
  const bool raise = !need.empty() && !told && (!has_need || over);
  if (dead && raise) return "needs_operator";
  if (wants_renewal && c.can_refresh && may_renew) return "refresh";
  if (raise) return "needs_operator";
  return NaiveInspectDue(c) ? "inspect" : "hold";
}

TEST(PolicyProperties, ItAgreesWithANaiveSecondOpinion) {
  Dice dice(4);
  int counts[5] = {};
  for (int i = 0; i < 100000; ++i) {
    const Credential c = RandomCredential(dice, ClockKind::kSound);
    const Decision decision = c.DecideNow();
    ++counts[static_cast<int>(decision.action)];
    ASSERT_EQ(ToString(decision.action), NaiveDecision(c)) << i << ": " << decision.sentence;
  }
  for (int count : counts) EXPECT_GT(count, 1000) << "every action is reached";
}

// ---- what an executor would do: the policy must come to rest at every instant ----

void Carry(Credential& c, const Decision& decision, Instant now, Dice& dice) {
  CredentialState& state = c.state;
  switch (decision.action) {
    case Action::kHold:
      break;
    case Action::kInspect:
      state.inspect.last_at = now;
      state.inspect.not_before.reset();
      state.spec_digest = c.spec_digest;
      if (dice.Chance(30)) {
        ++state.inspect.consecutive_failures;
        break;
      }
      state.inspect.consecutive_failures = 0;
      if (!state.conclusive || dice.Chance(10)) state.conclusive = RandomObservation(dice);
      if (state.generation == 0) state.generation = 1;
      state.conclusive->evidence.observed_at = now;
      break;
    case Action::kRefresh:
      state.renew.last_at = now;
      state.renew.not_before.reset();
      if (dice.Chance(50)) {
        ++state.renew.consecutive_failures;
        break;
      }
      state.renew = Attempts{};
      state.renew.last_success_at = now;
      ++state.generation;
      state.generation_since = now;
      state.operator_need.reset();
      state.conclusive = ValidFor(now - kNow + kDay * 60);
      state.conclusive->evidence.observed_at = now;
      state.inspect = Attempts{};
      state.inspect.last_at = now;
      break;
    case Action::kPublish:
      for (SinkState& sink : state.sinks) {
        sink.last_attempt_at = now;
        if (dice.Chance(30)) {
          ++sink.consecutive_failures;
          continue;
        }
        sink.consecutive_failures = 0;
        sink.drifted = false;
        sink.generation = state.generation;
      }
      break;
    case Action::kNeedsOperator:
      state.operator_need = OperatorNeed{decision.reason, decision.sentence, now};
      break;
  }
}

TEST(PolicyProperties, ItComesToRestAfterAFewStepsAtEveryInstant) {
  Dice dice(5);
  for (int run = 0; run < 2000; ++run) {
    Credential c = RandomCredential(dice, ClockKind::kMayHaveJumpedBack);
    Instant now = kNow;
    for (int day = 0; day < 20; ++day) {
      int steps = 0;
      Decision decision = c.DecideAt(now);
      for (; decision.action != Action::kHold; decision = c.DecideAt(now)) {
        ASSERT_LT(++steps, 8) << "run " << run << ": " << decision.sentence;
        Carry(c, decision, now, dice);
      }
      if (*decision.until == Instant::max()) break;
      now = *decision.until;
    }
  }
}

}  // namespace
}  // namespace tokenwarden
