// Policy: what to do next for one credential. A pure, total, deterministic function of (spec,
// state, newest observations, now): an ordered chain of small named rules, first answer wins.
//
// The order is the policy. `Explain` runs the same chain and says what every rule answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/spec.h"
#include "agent/core/state.h"
#include "agent/core/time.h"

namespace tokenwarden {

enum class Action { kHold, kInspect, kRefresh, kPublish, kNeedsOperator };
std::string_view ToString(Action action);
std::optional<Action> ParseAction(std::string_view word);

struct Decision {
  Action action = Action::kHold;
  std::string reason;    // fixed word, the rule's: `near_expiry`, `never_observed`, …
  std::string sentence;  // for people
  // Hold: when to look again, always set; Instant::max() when nothing will fall due by itself.
  std::optional<Instant> until;
  std::vector<std::string> targets;  // publish: which sinks

  bool operator==(const Decision&) const = default;
};

// What the gatherer found about one credential at one moment.
struct Snapshot {
  const CredentialSpec& spec;
  const CredentialState& state;
  // The issuer offers a renewal for this kind, and we hold what it takes.
  bool can_refresh = false;
  std::string cannot_refresh_why;  // otherwise: a sentence
  bool asked_inspect = false;      // somebody asked through the API, once
  bool asked_refresh = false;
  std::string spec_digest;  // of the specification now
  // A successor can be made without the old value (derived from a parent, generated, rebuilt): the
  // one case in which a dead value can be renewed.
  bool can_replace_dead = false;
  // How long after a lost reply the issuer may still be asked with the same value; Seconds::max():
  // as long as it lives; zero: not at all, or asking again does no harm anyway.
  Seconds grace{0};
};

using Rule = std::optional<Decision> (*)(const Snapshot&, Instant now);
struct NamedRule {
  std::string_view name;
  Rule rule;
};
// asked → no value → spec changed → publish due → never observed → dead → near expiry → too old →
// needs attention → stale observation → waiting for operator → hold. The last rule always answers.
//
// Why this order: a person's wish and a mended specification are tried at once. Sinks come before
// the issuer: what we hold must be in place whatever we ask for next. `waiting for operator` stops
// renewals (the rules that renew look at the need themselves), never inspections, publishing or the
// news that a value died.
const std::vector<NamedRule>& StandardChain();

Decision Decide(const Snapshot& snapshot, Instant now);

struct RuleAnswer {
  std::string_view rule;
  std::optional<Decision> decision;
};
std::vector<RuleAnswer> Explain(const Snapshot& snapshot, Instant now);

// ---- arithmetic the rules share; also used by metrics and the CLI ----

// When a renewal is due: `before` the end if configured and shorter than the lifetime, else a third
// of the lifetime (at most 20 days) before it, moved earlier by a jitter of up to a tenth of that
// window derived from the name. The end is the access expiry (or the refresh expiry, if earlier):
// the clocks that a renewal moves. Nothing for never-expiring or unknown lifetimes.
std::optional<Instant> RenewalDueAt(const CredentialSpec& spec, const CredentialState& state);

// In [0, bound), the same for the same name on every run and machine.
Seconds JitterFor(std::string_view name, Seconds bound);

// Delay before try number `failures` + 1. Doubles from `first` to a ceiling; the ceiling shrinks to
// a sixth of what is left before the deadline, so that tries become denser as the end nears.
Seconds BackoffDelay(std::uint32_t failures, Seconds first, Seconds ceiling,
                     std::optional<Seconds> left);

}  // namespace tokenwarden
