#include "agent/app/inspection.h"

#include <utility>

namespace tokenwarden {
namespace {

// A need that nobody answered is raised again after this time, as a reminder.
constexpr Seconds kReminder = kDay;

bool SameConclusion(const std::optional<Observation>& before, const Observation& now) {
  return before && before->verdict == now.verdict && before->reason == now.reason;
}

Event InspectedEvent(const Work& work, const Observation& seen, bool changed) {
  const bool bad = seen.verdict != Verdict::kValid;
  const LogLevel level = !changed ? LogLevel::kDebug : bad ? LogLevel::kWarn : LogLevel::kInfo;
  Event event = work.MakeEvent(changed ? Event::Kind::kStateChanged : Event::Kind::kInspected,
                               level, changed ? "state changed" : "inspected");
  event.reason = std::string(ToString(seen.verdict));
  event.endpoint = seen.evidence.endpoint;
  event.code = seen.evidence.http_status.value_or(0);
  event.fields = {{"why", std::string(ToString(seen.reason))}, {"seen", seen.message}};
  if (!seen.action.empty()) event.fields.emplace_back("action", seen.action);
  return event;
}

}  // namespace

void Remember(Work& work, Observation seen) {
  CredentialState& state = work.state();
  state.inspect.last_at = work.now();
  state.inspect.not_before.reset();
  state.spec_digest = work.keeper().spec_digest();
  if (!IsConclusive(seen.verdict)) {
    const bool changed = !state.silence || state.silence->reason != seen.reason;
    ++state.inspect.consecutive_failures;
    state.inspect.last_error = seen.message;
    state.inspect.last_error_reason = std::string(ToString(seen.reason));
    if (seen.retry_after) state.inspect.not_before = work.now() + *seen.retry_after;
    work.Tell(InspectedEvent(work, seen, changed));
    state.silence = std::move(seen);
    return;
  }
  const bool changed = !SameConclusion(state.conclusive, seen);
  const bool spoke_again = state.silence.has_value();
  const bool reminder_due =
      state.operator_need && work.now() - state.operator_need->since >= kReminder;
  // What became of a lost reply is not known any better by looking at the old value.
  const bool reply_is_lost = state.operator_need && state.operator_need->reason == kLostReplyNeed;
  if ((changed || spoke_again || reminder_due) && !reply_is_lost) state.operator_need.reset();
  state.inspect.last_success_at = work.now();
  state.inspect.consecutive_failures = 0;
  state.inspect.last_error.clear();
  state.inspect.last_error_reason.clear();
  state.silence.reset();
  work.Tell(InspectedEvent(work, seen, changed));
  state.conclusive = std::move(seen);
}

Status InspectCurrent(Work& work) {
  Result<Secret> value = work.CurrentValue();
  if (!value) {
    // Counted like a question without an answer, so that it is not repeated without a pause.
    work.state().inspect.last_at = work.now();
    ++work.state().inspect.consecutive_failures;
    static_cast<void>(work.Save());  // a failure was told
    return tl::unexpected<Error>(value.error());
  }
  Remember(work, work.Session().Inspect(work.deps().provider, *value, work.deps().http));
  return work.Save();
}

}  // namespace tokenwarden
