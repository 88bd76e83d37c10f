#include "agent/core/refresh_policy.h"

#include <algorithm>

#include "agent/core/due.h"
#include "agent/core/hash.h"
#include "agent/core/words.h"

namespace tokenwarden {
namespace {

constexpr Word<Action> kActions[] = {
    {Action::kHold, "hold"},
    {Action::kInspect, "inspect"},
    {Action::kRefresh, "refresh"},
    {Action::kPublish, "publish"},
    {Action::kNeedsOperator, "needs_operator"},
};

// Of sixty days: time for several days of failures. Source: Graph API access tokens, refresh
// decision.
constexpr Seconds kLongestWindow = kDay * 20;

// The clocks that a renewal moves. The others (data access, version, keys) end at their own time.
std::optional<Instant> RenewableEnd(const TokenFacts& facts) {
  if (facts.lifetime != Lifetime::kFinite || !facts.expires_at) return std::nullopt;
  Instant end = *facts.expires_at;
  for (const ClockReading& clock : facts.other_clocks) {
    if (clock.reason == DeadlineReason::kRefreshExpiry) end = std::min(end, clock.at);
  }
  return end;
}

}  // namespace

std::string_view ToString(Action action) { return WordFor(kActions, action); }
std::optional<Action> ParseAction(std::string_view word) { return ValueFor(kActions, word); }

Decision Decide(const Snapshot& snapshot, Instant now) {
  for (const NamedRule& named : StandardChain()) {
    if (std::optional<Decision> decision = named.rule(snapshot, now)) return *std::move(decision);
  }
  // Not reached: the last rule always answers. Looking again soon is the safe answer to a defect.
  return Decision{
      Action::kHold, "hold", snapshot.spec.name + ": no rule answered", now + kMinute, {}};
}

std::vector<RuleAnswer> Explain(const Snapshot& snapshot, Instant now) {
  std::vector<RuleAnswer> answers;
  for (const NamedRule& named : StandardChain()) {
    answers.push_back({named.name, named.rule(snapshot, now)});
  }
  return answers;
}

std::optional<Instant> RenewalDueAt(const CredentialSpec& spec, const CredentialState& state) {
  if (!state.conclusive) return std::nullopt;
  const TokenFacts& facts = state.conclusive->facts;
  const std::optional<Instant> end = RenewableEnd(facts);
  if (!end) return std::nullopt;
  const std::optional<Instant> born = facts.issued_at ? facts.issued_at : state.generation_since;
  std::optional<Seconds> life;
  if (born) life = std::max(*end - *born, Seconds{0});

  Seconds window = life ? std::min(*life / 3, kLongestWindow) : kLongestWindow;
  if (spec.renew.before && (!life || *spec.renew.before < *life)) window = *spec.renew.before;
  // Never earlier than half way to the window, or a long `before` would ask again right after a
  // renewal.
  Seconds spread = window / 10;
  if (life) spread = std::min(spread, (*life - window) / 2);
  return *end - window - JitterFor(spec.name, spread);
}

Seconds JitterFor(std::string_view name, Seconds bound) {
  if (bound <= Seconds{0}) return Seconds{0};
  const std::uint64_t spread = Fnv1a(name) % static_cast<std::uint64_t>(bound.count());
  return Seconds{static_cast<Seconds::rep>(spread)};
}

Seconds BackoffDelay(std::uint32_t failures, Seconds first, Seconds ceiling,
                     std::optional<Seconds> left) {
  if (failures == 0) return Seconds{0};
  Seconds highest = ceiling;
  // After the end nothing is gained by hurry.
  if (left && *left > Seconds{0}) highest = std::min(highest, *left / 6);
  highest = std::max(highest, std::min(first, ceiling));
  Seconds delay = first;
  for (std::uint32_t doubled = 1; doubled < failures && delay < highest; ++doubled) delay *= 2;
  return std::min(delay, highest);
}

}  // namespace tokenwarden
