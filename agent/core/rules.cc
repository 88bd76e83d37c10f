// The rules of the refresh policy, in the order in which they are asked. Each is silent or answers.
#include <algorithm>
#include <utility>

#include "agent/core/due.h"
#include "agent/core/refresh_policy.h"
#include "agent/core/sentence.h"

namespace tokenwarden {
namespace {

using Answer = std::optional<Decision>;

Answer Silent() { return std::nullopt; }

Answer Do(Action action, std::string reason, std::string sentence) {
  return Decision{action, std::move(reason), std::move(sentence), std::nullopt, {}};
}

Answer HoldUntil(Instant until, std::string reason, std::string sentence) {
  return Decision{Action::kHold, std::move(reason), std::move(sentence), until, {}};
}

std::string When(Instant until, Instant now) {
  if (until == kNothingDue) return "nothing falls due by itself";
  return "next look in " + FormatDuration(until - now) + ", at " + FormatUtc(until);
}

bool HasValue(const Snapshot& s) { return s.state.generation != 0; }

bool IsKnownDead(const Snapshot& s) {
  return HasValue(s) && s.state.conclusive && IsDead(s.state.conclusive->verdict);
}

std::string HowToReplace(const Snapshot& s) {
  return "Issue a new token and give it to `tokenwarden submit " + s.spec.name + "`";
}

// ---- needs: what only a person can mend ----

struct Need {
  std::string reason;
  std::string sentence;
};

Need NeedFromVerdict(const Snapshot& s) {
  const Observation& seen = *s.state.conclusive;
  std::string what = s.spec.name + " is " + std::string(ToString(seen.verdict)) + " (" +
                     std::string(ToString(seen.reason)) + ")";
  if (!seen.message.empty()) what += ": " + seen.message;
  std::string then;
  if (IsDead(seen.verdict)) then = "No renewal can bring it back";
  return {std::string(ToString(seen.verdict)),
          Sentences({what, then, seen.action.empty() ? HowToReplace(s) : seen.action})};
}

Need CannotRenew(const Snapshot& s, Instant now) {
  std::string what = s.spec.name;
  const Deadline deadline = EarliestDeadline(s.state.conclusive->facts);
  if (deadline.reason == DeadlineReason::kAccessExpiry) {
    what += *deadline.at > now ? " ends in " : " ended ";
    what += FormatDuration(*deadline.at - now);
    what += *deadline.at > now ? "" : " ago";
    what += " (" + FormatUtc(*deadline.at) + ")";
  } else {
    what += " is due for a renewal";
  }
  what += " and cannot be renewed from here";
  if (!s.cannot_refresh_why.empty()) what += ": " + s.cannot_refresh_why;
  return {"cannot_renew", Sentences({what, HowToReplace(s)})};
}

// The one need that the policy sees now, whatever was recorded before: the gravest first.
std::optional<Need> NeedNow(const Snapshot& s, Instant now) {
  if (!HasValue(s) || !s.state.conclusive) return std::nullopt;
  const Verdict verdict = s.state.conclusive->verdict;
  if (IsDead(verdict)) {
    return s.can_replace_dead ? std::nullopt : std::optional(NeedFromVerdict(s));
  }
  if (CannotRenewDueAt(s, now) <= now) return CannotRenew(s, now);
  if (verdict == Verdict::kValid || !IsConclusive(verdict)) return std::nullopt;
  return NeedFromVerdict(s);
}

// A person is told once. What others recorded is not talked over, except by the news that a value
// died.
bool IsNews(const Snapshot& s, const Need& need) {
  const CredentialState& state = s.state;
  if (!state.operator_need) return true;
  if (state.operator_need->reason == need.reason) return false;
  return IsPolicyNeed(state) || (IsKnownDead(s) && state.refused_fingerprint.empty());
}

Answer RaiseIf(const Snapshot& s, Instant now, bool (*concerns)(const Need&, const Snapshot&)) {
  std::optional<Need> need = NeedNow(s, now);
  if (!need || !concerns(*need, s) || !IsNews(s, *need)) return Silent();
  return Do(Action::kNeedsOperator, std::move(need->reason), std::move(need->sentence));
}

// ---- the rules ----

Answer AskedToRefresh(const Snapshot& s, Instant now) {
  const std::string& name = s.spec.name;
  if (!s.state.conclusive) {
    return Do(Action::kInspect, "asked",
              name + " was asked to be renewed and was never inspected: inspect it first");
  }
  const bool in_flight = s.state.rotation && IsBeforeCurrent(*s.state.rotation) &&
                         *s.state.rotation != RotationState::kAmbiguous;
  if (in_flight) {
    return Do(Action::kInspect, "asked",
              name + " was asked to be renewed while a renewal is unfinished: finish that one");
  }
  const bool dead = IsKnownDead(s);
  if (!(dead ? s.can_replace_dead : s.can_refresh)) {
    Need need = dead ? NeedFromVerdict(s) : CannotRenew(s, now);
    return Do(Action::kNeedsOperator, std::move(need.reason), std::move(need.sentence));
  }
  if (!MayAskNow(s.state.renew, now)) return Silent();
  return Do(Action::kRefresh, "asked", name + " was asked to be renewed: renew it now");
}

Answer Asked(const Snapshot& s, Instant now) {
  if (s.asked_refresh && HasValue(s)) {
    if (Answer answer = AskedToRefresh(s, now)) return answer;
  }
  if (!s.asked_inspect && !s.asked_refresh) return Silent();
  if (!HasValue(s) && !s.spec.source) return Silent();
  if (!MayAskNow(s.state.inspect, now)) return Silent();
  return Do(Action::kInspect, "asked",
            s.spec.name + " was asked to be checked: ask the issuer now");
}

Answer NoValueYet(const Snapshot& s, Instant now) {
  if (HasValue(s)) return Silent();
  const std::optional<OperatorNeed>& need = s.state.operator_need;
  const std::string what = s.spec.name + " has no proven value yet";
  if (!s.spec.source) {
    if (need) return HoldUntil(kNothingDue, "waiting_for_operator", need->sentence);
    return Do(Action::kNeedsOperator, "no_value",
              Sentences({what + " and no source to read one from", HowToReplace(s)}));
  }
  // A source that could not be read was no question to the issuer, so no try was counted.
  const bool unreadable = need && !s.state.inspect.last_at;
  const Instant due =
      unreadable ? now + std::max(s.spec.inspect_every, Seconds{1}) : InspectDueAt(s, now);
  if (due <= now) {
    return Do(Action::kInspect, "no_value", what + ": read it from " + Describe(*s.spec.source));
  }
  if (need) return HoldUntil(due, "waiting_for_operator", need->sentence);
  return HoldUntil(due, "no_value", what + "; " + When(due, now));
}

Answer SpecChanged(const Snapshot& s, Instant now) {
  if (!SpecHasChanged(s) || !MayAskNow(s.state.inspect, now)) return Silent();
  return Do(Action::kInspect, "spec_changed",
            "the configuration of " + s.spec.name + " changed: check the token against it");
}

Answer PublishDue(const Snapshot& s, Instant now) {
  Decision publish{Action::kPublish, "publish_due", "", std::nullopt, {}};
  std::string places;
  for (const SinkSpec& sink : s.spec.sinks) {
    if (SinkDueAt(s, sink, now) > now) continue;
    publish.targets.push_back(sink.Target());
    places += (places.empty() ? "" : ", ") + sink.Target();
  }
  if (publish.targets.empty()) return Silent();
  publish.sentence = "generation " + std::to_string(s.state.generation) + " of " + s.spec.name +
                     " is not in place: write " + places;
  return publish;
}

Answer NeverObserved(const Snapshot& s, Instant now) {
  if (s.state.conclusive || InspectDueAt(s, now) > now) return Silent();
  return Do(Action::kInspect, "never_observed",
            "the issuer never told us about " + s.spec.name + ": ask it");
}

Answer Dead(const Snapshot& s, Instant now) {
  if (!IsKnownDead(s)) return Silent();
  if (ReplaceDeadDueAt(s, now) <= now) {
    return Do(Action::kRefresh, "dead",
              s.spec.name + " is " + std::string(ToString(s.state.conclusive->verdict)) +
                  ", and a new value can be made without it: do so");
  }
  return RaiseIf(s, now, [](const Need&, const Snapshot&) { return true; });
}

Answer NearExpiry(const Snapshot& s, Instant now) {
  if (NearExpiryDueAt(s, now) <= now) {
    const Instant end = *s.state.conclusive->facts.expires_at;
    const std::string left = end > now ? "ends in " + FormatDuration(end - now) : "is past its end";
    return Do(Action::kRefresh, "near_expiry",
              s.spec.name + " " + left + " (" + FormatUtc(end) + "): renew it");
  }
  return RaiseIf(s, now,
                 [](const Need& need, const Snapshot&) { return need.reason == "cannot_renew"; });
}

Answer TooOld(const Snapshot& s, Instant now) {
  if (MaxAgeDueAt(s, now) > now) return Silent();
  return Do(Action::kRefresh, "too_old",
            s.spec.name + " is older than renew.max_age (" + FormatDuration(*s.spec.renew.max_age) +
                "): renew it");
}

Answer NeedsAttention(const Snapshot& s, Instant now) {
  return RaiseIf(s, now, [](const Need&, const Snapshot& at) { return !IsKnownDead(at); });
}

Answer Stale(const Snapshot& s, Instant now) {
  if (InspectDueAt(s, now) > now) return Silent();
  const Attempts& inspect = s.state.inspect;
  if (inspect.last_at && *inspect.last_at > now) {
    return Do(Action::kInspect, "stale",
              "the last look at " + s.spec.name + " lies in the future, at " +
                  FormatUtc(*inspect.last_at) + ": the clock jumped back, so look again");
  }
  const std::string seen =
      s.state.conclusive ? FormatUtc(s.state.conclusive->evidence.observed_at) : "never";
  return Do(Action::kInspect, "stale",
            "the last answer about " + s.spec.name + " is from " + seen + ": ask the issuer again");
}

Answer WaitingForOperator(const Snapshot& s, Instant now) {
  if (!s.state.operator_need) return Silent();
  return HoldUntil(EarliestDue(s, now), "waiting_for_operator", s.state.operator_need->sentence);
}

Answer Hold(const Snapshot& s, Instant now) {
  const Instant until = EarliestDue(s, now);
  return HoldUntil(
      until, "hold",
      s.spec.name + " is " + std::string(StateWord(s.state)) + "; " + When(until, now));
}

}  // namespace

const std::vector<NamedRule>& StandardChain() {
  static const std::vector<NamedRule> chain = {
      {"asked", Asked},
      {"no_value", NoValueYet},
      {"spec_changed", SpecChanged},
      {"publish_due", PublishDue},
      {"never_observed", NeverObserved},
      {"dead", Dead},
      {"near_expiry", NearExpiry},
      {"too_old", TooOld},
      {"needs_attention", NeedsAttention},
      {"stale", Stale},
      {"waiting_for_operator", WaitingForOperator},
      {"hold", Hold},
  };
  return chain;
}

}  // namespace tokenwarden
