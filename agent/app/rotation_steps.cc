#include "agent/app/rotation_steps.h"

#include <utility>

#include "agent/core/sentence.h"

namespace tokenwarden {

Result<Rotation> Step(Work& work, const Rotation& rotation, RotationStep step) {
  const RotationState to = step.to;
  Result<Rotation> next = work.deps().store.Advance(rotation.id, std::move(step), work.now());
  if (!next) {
    work.keeper().in_doubt = true;
    work.TellError(Event::Kind::kStoreFailed, "a rotation step could not be stored", next.error());
    return next;
  }
  work.state().rotation = IsUnfinished(to) ? std::optional(to) : std::nullopt;
  Event event = work.MakeEvent(Event::Kind::kRotationStep, LogLevel::kDebug, "rotation step");
  event.reason = std::string(ToString(to));
  work.Tell(event);
  return next;
}

RotationStep To(RotationState state, std::string note) {
  RotationStep step;
  step.to = state;
  step.note = std::move(note);
  return step;
}

void CountFailure(Work& work, const Error& error) {
  Attempts& renew = work.state().renew;
  ++renew.consecutive_failures;
  renew.last_error = error.message;
  renew.last_error_reason = error.reason;
  Event event = work.MakeEvent(Event::Kind::kRenewalFailed, LogLevel::kWarn, "renewal failed");
  event.reason = error.reason;
  event.fields = {{"error", error.message}, {"action", error.action}};
  work.Tell(event);
}

void TellNotProven(const Work& work, const Observation& seen) {
  Event event = work.MakeEvent(Event::Kind::kInspected, LogLevel::kWarn,
                               "a new value could not be proven yet; it is kept and tried again");
  event.reason = std::string(ToString(seen.reason));
  event.endpoint = seen.evidence.endpoint;
  event.code = seen.evidence.http_status.value_or(0);
  event.fields = {{"error", seen.message}, {"action", seen.action}};
  work.Tell(event);
}

bool MayHaveActed(const Error& error) {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kDeadlineExceeded ||
         error.kind == ErrorKind::kDataLoss || error.kind == ErrorKind::kInternal;
}

Capabilities CapabilitiesNow(Work& work) {
  const IssuerSession session = work.Session();
  const Observation* conclusive = work.state().conclusive ? &*work.state().conclusive : nullptr;
  Capabilities can = work.deps().provider.CapabilitiesOf(session.context(), conclusive);
  // What the provider misses then is the reference's value: configured, and not to be had.
  if (!can.can_refresh && !session.problem().empty()) can.cannot_refresh_why = session.problem();
  return can;
}

const RecoveryRow& RecoveryOf(Work& work) {
  const Capabilities can = CapabilitiesNow(work);
  return RecoveryFor(can.rotation_model,
                     GraceAt(can.grace, work.state().reply_lost_at, work.now()));
}

void NoteLostReply(Work& work, const Rotation& rotation) {
  std::optional<Instant>& lost_at = work.state().reply_lost_at;
  if (!lost_at) lost_at = rotation.started_at;
}

void AskAfterLostReply(Work& work, const RecoveryRow& row) {
  work.NeedOperator(
      std::string(kLostReplyNeed),
      Sentences({"the reply to a renewal of " + work.spec().name + " was lost, and " +
                     std::string(row.why),
                 "The current value stays in use meanwhile. Issue a new one and give it to "
                 "`tokenwarden submit " +
                     work.spec().name + "`"}));
}

}  // namespace tokenwarden
