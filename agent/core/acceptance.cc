#include "agent/core/acceptance.h"

#include <algorithm>
#include <utility>

#include "agent/core/sentence.h"
#include "agent/core/words.h"

namespace tokenwarden {
namespace {

constexpr Word<Refusal> kRefusals[] = {
    {Refusal::kNotProven, "not_proven"},         {Refusal::kDead, "dead"},
    {Refusal::kWrongIdentity, "wrong_identity"}, {Refusal::kMissesScope, "misses_scope"},
    {Refusal::kRestricted, "restricted"},        {Refusal::kShorterLife, "shorter_life"},
    {Refusal::kLosesNever, "loses_never"},       {Refusal::kDropsScope, "drops_scope"},
    {Refusal::kKnownDead, "known_dead"},
};

// Issuers round: two ends that lie closer than this are the same end.
constexpr Seconds kSameEnd{60};

// What is judged. `current` is null when there is nothing living and ours to be worse than.
struct Case {
  const CredentialSpec& spec;
  const Observation& candidate;
  const Observation* current;
  Instant now;
};
using Answer = std::optional<RefusedCandidate>;

Answer Refuse(Refusal refusal, const Case& c, std::string what, std::string_view then) {
  return RefusedCandidate{
      refusal, Sentences({"the new value for " + c.spec.name + " " + std::move(what), then})};
}

std::string_view ActionOr(const Case& c, std::string_view otherwise) {
  return c.candidate.action.empty() ? otherwise : std::string_view(c.candidate.action);
}

std::string Seen(const Case& c) {
  std::string text = "(" + std::string(ToString(c.candidate.reason)) + ")";
  if (!c.candidate.message.empty()) text += ": " + c.candidate.message;
  return text;
}

bool EndsBy(const TokenFacts& facts, Instant now) {
  return facts.lifetime == Lifetime::kFinite && facts.expires_at && *facts.expires_at <= now;
}

std::vector<std::string> Lacking(const std::vector<std::string>& wanted,
                                 const std::vector<std::string>& held) {
  std::vector<std::string> lacking;
  for (const std::string& scope : wanted) {
    if (std::find(held.begin(), held.end(), scope) == held.end()) lacking.push_back(scope);
  }
  return lacking;
}

// ---- one check per refusal ----

Answer NotProven(const Case& c) {
  if (c.candidate.verdict == Verdict::kIndeterminate) {
    return Refuse(Refusal::kNotProven, c, "could not be proven yet " + Seen(c),
                  "It is kept and will be tried again; the current value stays in use");
  }
  const bool life_was_known = c.current && c.current->facts.lifetime != Lifetime::kUnknown;
  const bool alive = c.candidate.verdict == Verdict::kValid;
  if (alive && life_was_known && c.candidate.facts.lifetime == Lifetime::kUnknown) {
    return Refuse(Refusal::kNotProven, c, "works, but the issuer did not say how long it lives",
                  "Give the app secret in the configuration so that it can be inspected");
  }
  return std::nullopt;
}

Answer IsDeadNow(const Case& c) {
  if (IsDead(c.candidate.verdict)) {
    return Refuse(Refusal::kDead, c,
                  "is " + std::string(ToString(c.candidate.verdict)) + " " + Seen(c),
                  ActionOr(c, "Issue another one; this one will never work"));
  }
  if (EndsBy(c.candidate.facts, c.now)) {
    return Refuse(Refusal::kDead, c, "ended at " + FormatUtc(*c.candidate.facts.expires_at),
                  "Issue another one; this one will never work");
  }
  return std::nullopt;
}

constexpr std::string_view kKeepsCurrent =
    "The current value stays in use; accept the new one with a reason if that is meant";

struct IdentityField {
  std::string_view what;
  std::string TokenFacts::*fact;
  std::string expected;  // by the configuration; empty = whatever the current value has
};

Answer HasWrongIdentity(const Case& c) {
  if (c.candidate.verdict == Verdict::kWrongIdentity) {
    return Refuse(Refusal::kWrongIdentity, c, "belongs to somebody else " + Seen(c),
                  ActionOr(c, "Take a token of the configured app and user"));
  }
  const MetaSpec& meta = c.spec.meta;
  const std::string kind = meta.kind == MetaKind::kAny ? "" : std::string(ToString(meta.kind));
  const IdentityField fields[] = {
      {"app", &TokenFacts::app_id, meta.app_id},
      {"kind", &TokenFacts::kind, kind},
      {"user", &TokenFacts::user_id, meta.user_id},
      {"page", &TokenFacts::profile_id, meta.page_id},
  };
  for (const IdentityField& field : fields) {
    const std::string& has = c.candidate.facts.*field.fact;
    const bool configured = !field.expected.empty();
    std::string wants = field.expected;
    if (!configured && c.current) wants = c.current->facts.*field.fact;
    if (has.empty() || wants.empty() || has == wants) continue;
    return Refuse(Refusal::kWrongIdentity, c,
                  "is of " + std::string(field.what) + " " + has + ", but " +
                      (configured ? "the configuration wants " : "the current one is of ") + wants,
                  "Take a token of the right " + std::string(field.what) +
                      ", or accept this one with a reason if the change is meant");
  }
  return std::nullopt;
}

// Without the app's own credentials nobody can list the scopes: an empty list says nothing then.
bool ScopesAreKnown(const Observation& seen) {
  return seen.reason != Reason::kSelfReported || !seen.facts.scopes.empty();
}

std::vector<std::string> MissingScopes(const Case& c, const Observation& seen) {
  std::vector<std::string> missing = seen.missing_scopes;
  if (!ScopesAreKnown(seen)) return missing;
  for (std::string& scope : Lacking(c.spec.meta.required_scopes, seen.facts.scopes)) {
    if (std::find(missing.begin(), missing.end(), scope) == missing.end()) {
      missing.push_back(std::move(scope));
    }
  }
  return missing;
}

Answer LacksWhatIsRequired(const Case& c) {
  const std::vector<std::string> missing = MissingScopes(c, c.candidate);
  const bool under_scoped = c.candidate.verdict == Verdict::kUnderScoped;
  if (missing.empty() && !under_scoped) return std::nullopt;
  // The current one lacks the same: refusing its equal would only let it run out.
  if (c.current && c.current->verdict == Verdict::kUnderScoped &&
      (!under_scoped || c.current->reason == c.candidate.reason) &&
      Lacking(missing, MissingScopes(c, *c.current)).empty()) {
    return std::nullopt;
  }
  const std::string what = missing.empty() ? "lacks what is required " + Seen(c)
                                           : "lacks the required scope " + Listed(missing);
  return Refuse(Refusal::kMissesScope, c, what,
                ActionOr(c, "Grant it to the app and the user, then issue the token again"));
}

Answer IsRestricted(const Case& c) {
  if (c.candidate.verdict != Verdict::kRestricted) return std::nullopt;
  if (!c.current || Worse(c.current->verdict, Verdict::kRestricted) == c.current->verdict) {
    return std::nullopt;
  }
  return Refuse(Refusal::kRestricted, c, "belongs to a restricted account " + Seen(c),
                ActionOr(c, "Lift the restriction in the issuer's account settings"));
}

Answer LivesShorter(const Case& c) {
  if (!c.current) return std::nullopt;
  const TokenFacts& next = c.candidate.facts;
  const TokenFacts& old = c.current->facts;
  const bool comparable = next.lifetime == Lifetime::kFinite && next.expires_at &&
                          old.lifetime == Lifetime::kFinite && old.expires_at;
  if (!comparable || *next.expires_at + kSameEnd >= *old.expires_at) return std::nullopt;
  return Refuse(Refusal::kShorterLife, c,
                "ends at " + FormatUtc(*next.expires_at) + ", " +
                    FormatDuration(*old.expires_at - *next.expires_at) +
                    " earlier than the current one (" + FormatUtc(*old.expires_at) + ")",
                kKeepsCurrent);
}

Answer LosesNever(const Case& c) {
  if (!c.current || c.current->facts.lifetime != Lifetime::kNever ||
      c.candidate.facts.lifetime != Lifetime::kFinite) {
    return std::nullopt;
  }
  const std::optional<Instant> end = c.candidate.facts.expires_at;
  return Refuse(Refusal::kLosesNever, c,
                "ends" + (end ? " at " + FormatUtc(*end) : std::string(" one day")) +
                    ", but the current one never expires",
                kKeepsCurrent);
}

Answer DropsScope(const Case& c) {
  if (!c.current) return std::nullopt;
  const std::vector<std::string> dropped =
      Lacking(c.current->facts.scopes, c.candidate.facts.scopes);
  if (dropped.empty() || !ScopesAreKnown(c.candidate)) return std::nullopt;
  return Refuse(Refusal::kDropsScope, c,
                "has no longer the scope " + Listed(dropped) + ", which the current one has",
                "Issue it with the same scopes, or accept it with a reason if that is meant");
}

using Check = Answer (*)(const Case&);
// In the order of the enumeration: what makes a value useless before what makes it worse.
constexpr Check kChecks[] = {NotProven,    IsDeadNow,    HasWrongIdentity, LacksWhatIsRequired,
                             IsRestricted, LivesShorter, LosesNever,       DropsScope};

// A dead or foreign current value is nothing that a candidate could be worse than.
bool CountsAsCurrent(const std::optional<Observation>& current, Instant now) {
  return current && !IsDead(current->verdict) && current->verdict != Verdict::kWrongIdentity &&
         !EndsBy(current->facts, now);
}

}  // namespace

std::string_view ToString(Refusal refusal) { return WordFor(kRefusals, refusal); }
std::optional<Refusal> ParseRefusal(std::string_view word) { return ValueFor(kRefusals, word); }

std::optional<RefusedCandidate> JudgeCandidate(const CredentialSpec& spec,
                                               const Observation& candidate,
                                               const std::optional<Observation>& current,
                                               Instant now) {
  const Case judged{spec, candidate, CountsAsCurrent(current, now) ? &*current : nullptr, now};
  for (Check check : kChecks) {
    if (Answer refused = check(judged)) return refused;
  }
  return std::nullopt;
}

std::optional<RefusedCandidate> JudgeFingerprint(const CredentialState& state,
                                                 const Fingerprint& candidate) {
  const bool same = !candidate.empty() && candidate == state.fingerprint;
  if (!same || !state.conclusive || !IsDead(state.conclusive->verdict)) return std::nullopt;
  return RefusedCandidate{
      Refusal::kKnownDead,
      Sentences({"the new value for " + state.name + " is the old one, which is " +
                     std::string(ToString(state.conclusive->verdict)),
                 "Issue another one; this one will never work"})};
}

}  // namespace tokenwarden
