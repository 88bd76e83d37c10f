#include "agent/app/rotation.h"

#include <algorithm>
#include <utility>

#include "agent/app/reply_codec.h"
#include "agent/app/rotation_steps.h"
#include "agent/app/superseding.h"
#include "agent/core/acceptance.h"

namespace tokenwarden {
namespace {

// Room that must be free on the disk before the issuer is asked: the largest reply we accept.
constexpr std::size_t kReplyReserve = 64 * 1024;
// An issuer may answer with the very token it was given; asking again soon would only repeat that.
constexpr Seconds kSameValuePause = kDay;

// Who rolls back does not want what the issuer would give next: not before a person had time to
// look.
constexpr Seconds kRollbackPause = kDay;

void PauseRenewal(CredentialState& state, Instant now) {
  Seconds pause = kRollbackPause;
  const std::optional<Instant> end = EarliestDeadline(state.conclusive->facts).at;
  if (end && *end > now) pause = std::min(pause, (*end - now) / 2);
  state.renew.last_at = now;
  state.renew.not_before = now + pause;
}

// The request certainly never reached the issuer.
bool CertainlyNotSent(const Error& error) {
  return error.reason == "dns" || error.reason == "connect" || error.reason == "plain_http" ||
         error.reason == "tls" || error.reason == "proxy";
}

// What must hold before an issuer is asked, whoever wants it.
Status IsSoundToAsk(Work& work) {
  if (!work.state().conclusive) {
    return MakeError(
        ErrorKind::kFailedPrecondition, "never_observed",
        "credential " + work.spec().name + " was never inspected, so it is not renewed");
  }
  if (work.state().operator_need && work.state().operator_need->reason == kLostReplyNeed) {
    return MakeError(ErrorKind::kFailedPrecondition, std::string(kLostReplyNeed),
                     work.state().operator_need->sentence);
  }
  // Whatever else a person was told since: a value that may be used up is not presented again.
  const RecoveryRow& row = RecoveryOf(work);
  if (work.state().reply_lost_at && row.step == AfterLostReply::kAskOperator) {
    AskAfterLostReply(work, row);
    static_cast<void>(work.Save());  // a failure was told
    return MakeError(ErrorKind::kFailedPrecondition, std::string(kLostReplyNeed),
                     work.state().operator_need->sentence);
  }
  if (work.keeper().unsaved_reply) {
    return MakeError(ErrorKind::kAborted, "unsaved_reply",
                     "the reply to an earlier renewal of " + work.spec().name +
                         " is not stored yet, so the issuer is not asked again",
                     "see why the state cannot be written");
  }
  const Observation& conclusive = *work.state().conclusive;
  if (IsDead(conclusive.verdict) && !CapabilitiesNow(work).can_replace_dead) {
    return MakeError(
        ErrorKind::kFailedPrecondition, "dead",
        "credential " + work.spec().name + " is " + std::string(ToString(conclusive.verdict)) +
            ", and a dead value cannot be renewed",
        "issue a new value and give it to `tokenwarden submit " + work.spec().name + "`");
  }
  return {};
}

}  // namespace

Result<RotationOutcome> Rotator::Refresh(Work& work) const {
  if (Status sound = IsSoundToAsk(work); !sound) return tl::unexpected<Error>(sound.error());
  Result<Secret> value = work.CurrentValue();
  if (!value) return tl::unexpected<Error>(value.error());
  const IssuerSession session = work.Session();
  Attempts& renew = work.state().renew;
  renew.last_at = work.now();
  renew.not_before.reset();
  Result<Renewal> renewal =
      work.deps().provider.BuildRenewal(session.context(), *value, *work.state().conclusive);
  if (!renewal) {
    CountFailure(work, renewal.error());
    work.NeedOperator(renewal.error().reason,
                      renewal.error().message + ". " + renewal.error().action);
    work.Save();
    return tl::unexpected<Error>(renewal.error());
  }
  work.Tell(work.MakeEvent(Event::Kind::kRenewalStarted, LogLevel::kInfo, "renewal started"));
  if (Status free = Supersede(work, Origin::kRefresh); !free)
    return tl::unexpected<Error>(free.error());
  const std::optional<std::uint64_t> epoch = work.Epoch();
  if (!epoch) return NotOurs(work);
  Result<Rotation> rotation =
      work.deps().store.Begin(work.spec().name, Origin::kRefresh, work.state().generation, *epoch,
                              work.now(), kReplyReserve);
  if (!rotation) {
    work.keeper().in_doubt = true;
    CountFailure(work, rotation.error());
    work.Save();
    return tl::unexpected<Error>(rotation.error());
  }
  work.state().rotation = RotationState::kIntent;
  if (auto* request = std::get_if<HttpRequest>(&*renewal)) {
    return Send(work, *rotation, std::move(*request));
  }
  RotationStep made = To(RotationState::kCandidate, "made from the app's own secret");
  Secret& local = std::get<Secret>(*renewal);
  made.candidate = local.Clone();
  made.candidate_fingerprint = work.deps().fingerprinter.Of(local);
  Result<Rotation> candidate = Step(work, *rotation, std::move(made));
  if (!candidate) return tl::unexpected<Error>(candidate.error());
  return AfterCandidate(work, *candidate, local, "");
}

Result<RotationOutcome> Rotator::Send(Work& work, const Rotation& rotation,
                                      HttpRequest request) const {
  Result<Rotation> requested = Step(work, rotation, To(RotationState::kRequested));
  if (!requested) return tl::unexpected<Error>(requested.error());
  // Asked again after the durable steps: they may have taken longer than the lease lasts.
  if (!work.Epoch()) return Fail(work, *requested, NotOurs(work).value());
  request.exactly_once = true;
  Result<HttpReply> reply = work.deps().http.Send(request);
  if (!reply) {
    if (CertainlyNotSent(reply.error())) return Fail(work, *requested, reply.error());
    return Lose(work, *requested, reply.error());
  }
  Event replied = work.MakeEvent(Event::Kind::kIssuerReplied, LogLevel::kDebug, "issuer replied");
  replied.endpoint = request.endpoint_name;
  replied.code = reply->status;
  replied.duration = reply->duration;
  work.Tell(replied);
  work.keeper().unsaved_reply =
      Keeper::UnsavedReply{requested->id, EncodeReply(*reply), requested->from_generation};
  return StoreReply(work, *requested);
}

// Stored before it is parsed: a reply that we cannot read today may still hold the only new value.
Result<RotationOutcome> Rotator::StoreReply(Work& work, const Rotation& rotation) const {
  std::optional<Keeper::UnsavedReply>& unsaved = work.keeper().unsaved_reply;
  RotationStep received = To(RotationState::kReceived);
  received.reply = unsaved->reply.Clone();
  Result<Rotation> stored = Step(work, rotation, std::move(received));
  if (!stored) return tl::unexpected<Error>(stored.error());
  Result<HttpReply> reply = DecodeReply(unsaved->reply);
  unsaved.reset();
  if (!reply) return Lose(work, *stored, reply.error());
  return AfterReceived(work, *stored, *reply);
}

Result<RotationOutcome> Rotator::AfterReceived(Work& work, const Rotation& rotation,
                                               const HttpReply& reply) const {
  Result<RenewedValue> renewed = work.deps().provider.ParseRenewal(reply);
  if (!renewed) {
    return MayHaveActed(renewed.error()) ? Lose(work, rotation, renewed.error())
                                         : Fail(work, rotation, renewed.error());
  }
  RotationStep candidate = To(RotationState::kCandidate);
  candidate.candidate = renewed->value.Clone();
  candidate.candidate_fingerprint = work.deps().fingerprinter.Of(renewed->value);
  Result<Rotation> next = Step(work, rotation, std::move(candidate));
  if (!next) return tl::unexpected<Error>(next.error());
  return AfterCandidate(work, *next, renewed->value, "");
}

Result<RotationOutcome> Rotator::AfterCandidate(Work& work, const Rotation& rotation,
                                                const Secret& value,
                                                const std::string& accept_worse_reason) const {
  CredentialState& state = work.state();
  if (IsWhatWeHold(state, rotation.candidate_fingerprint)) {
    state.reply_lost_at.reset();  // it was not used up
    state.renew.not_before = work.now() + kSameValuePause;
    state.renew.last_error = "the issuer answered with the same token";
    state.renew.last_error_reason = "same_value";
    Result<Rotation> ended =
        Step(work, rotation, To(RotationState::kFailed, "the issuer answered with the same token"));
    if (!ended) return tl::unexpected<Error>(ended.error());
    work.keeper().asked_inspect = true;  // the same string may have been given a longer life
    work.Save();
    return RotationOutcome::kUnchanged;
  }
  Observation seen = work.Prove(value);
  std::optional<RefusedCandidate> refused =
      JudgeCandidate(work.spec(), seen, work.LivingObservation(), work.now());
  if (refused && refused->refusal == Refusal::kNotProven) {
    state.inspect.last_at = work.now();
    ++state.inspect.consecutive_failures;
    TellNotProven(work, seen);
    state.inspect.last_error = seen.message;
    state.inspect.last_error_reason = std::string(ToString(seen.reason));
    if (state.generation == 0) state.silence = std::move(seen);
    work.Save();
    return RotationOutcome::kWaiting;
  }
  const bool overruled = refused && !accept_worse_reason.empty() && !IsDead(seen.verdict);
  if (refused && !overruled) return Refuse(work, rotation, *refused, std::move(seen));
  if (overruled) {
    work.Audit("accepted_worse",
               refused->sentence + " Accepted by an operator: " + accept_worse_reason);
  }
  Result<Rotation> proven = Step(work, rotation, To(RotationState::kProven));
  if (!proven) return tl::unexpected<Error>(proven.error());
  return AfterProven(work, *proven, std::move(seen));
}

Result<RotationOutcome> Rotator::Refuse(Work& work, const Rotation& rotation,
                                        const RefusedCandidate& refused, Observation seen) const {
  CredentialState& state = work.state();
  state.refused_fingerprint = rotation.candidate_fingerprint;
  const std::string word(ToString(refused.refusal));
  if (rotation.origin == Origin::kRefresh) {
    CountFailure(work, Error{ErrorKind::kFailedPrecondition, word, refused.sentence, ""});
  }
  if (state.generation == 0) {
    // There is no better value: what this one shows is what is known of the credential.
    state.inspect.last_at = state.inspect.last_success_at = work.now();
    state.inspect.consecutive_failures = 0;
    state.conclusive = std::move(seen);
    state.silence.reset();
  }
  // A value that a person brought and that was refused must not keep the good one from being
  // renewed.
  if (state.generation == 0 || rotation.origin == Origin::kRefresh) {
    work.NeedOperator(word, refused.sentence);
  }
  work.Audit("refused", refused.sentence);
  // Durable before the rotation ends: a process that starts in between must not ask again at once.
  if (Status saved = work.Save(); !saved) return tl::unexpected<Error>(saved.error());
  Result<Rotation> aside = Step(work, rotation, To(RotationState::kRefused, refused.sentence));
  if (!aside) return tl::unexpected<Error>(aside.error());
  work.Show();
  return RotationOutcome::kRefused;
}

Result<RotationOutcome> Rotator::AfterProven(Work& work, const Rotation& rotation,
                                             Observation observation) const {
  CredentialState next = work.state();
  next.generation += 1;
  next.fingerprint = rotation.candidate_fingerprint;
  next.generation_since = work.now();
  next.origin = rotation.origin;
  next.conclusive = std::move(observation);
  next.silence.reset();
  next.inspect = Attempts{};
  next.inspect.last_at = next.inspect.last_success_at = work.now();
  const std::optional<Instant> renewed_at =
      rotation.origin == Origin::kRefresh ? std::optional(work.now()) : next.renew.last_success_at;
  next.renew = Attempts{};
  next.renew.last_success_at = renewed_at;
  if (rotation.origin == Origin::kRollback) PauseRenewal(next, work.now());
  next.reply_lost_at.reset();
  next.operator_need.reset();
  next.refused_fingerprint = Fingerprint{};
  next.spec_digest = work.keeper().spec_digest();
  next.rotation = RotationState::kCurrent;
  Result<Rotation> current = work.deps().store.Promote(rotation.id, next, work.now());
  if (!current) {
    work.keeper().in_doubt = true;
    work.TellError(Event::Kind::kStoreFailed, "a proven value could not be made current",
                   current.error());
    return tl::unexpected<Error>(current.error());
  }
  work.state() = std::move(next);
  work.Show();
  const bool renewed = rotation.origin == Origin::kRefresh;
  Event event = work.MakeEvent(
      renewed ? Event::Kind::kRenewalSucceeded : Event::Kind::kStateChanged, LogLevel::kInfo,
      renewed ? "renewed: the new value is proven and current" : "a proven value is current");
  event.reason = std::string(ToString(rotation.origin));
  event.fields = {{"generation", std::to_string(work.state().generation)},
                  {"fingerprint", work.state().fingerprint.text}};
  work.Tell(event);
  work.Audit("promoted", "generation " + std::to_string(work.state().generation) + " (" +
                             work.state().fingerprint.text + ") is current, from " +
                             std::string(ToString(rotation.origin)));
  return RotationOutcome::kPromoted;
}

Result<RotationOutcome> Rotator::Fail(Work& work, const Rotation& rotation,
                                      const Error& error) const {
  CountFailure(work, error);
  const bool clear_no =
      error.kind == ErrorKind::kFailedPrecondition || error.kind == ErrorKind::kInvalidArgument;
  if (clear_no) work.NeedOperator(error.reason, error.message + ". " + error.action);
  if (Status saved = work.Save(); !saved) return tl::unexpected<Error>(saved.error());
  Result<Rotation> failed = Step(work, rotation, To(RotationState::kFailed, error.message));
  if (!failed) return tl::unexpected<Error>(failed.error());
  work.Show();
  return RotationOutcome::kFailed;
}

}  // namespace tokenwarden
