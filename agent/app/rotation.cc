#include "agent/app/rotation.h"

#include <utility>

#include "agent/app/reply_codec.h"
#include "agent/app/rotation_steps.h"
#include "agent/core/acceptance.h"

namespace tokenwarden {
namespace {

// Room that must be free on the disk before the issuer is asked: the largest reply we accept.
constexpr std::size_t kReplyReserve = 64 * 1024;
// An issuer may answer with the very token it was given; asking again soon would only repeat that.
constexpr Seconds kSameValuePause = kDay;

// The request certainly never reached the issuer.
bool CertainlyNotSent(const Error& error) {
  return error.reason == "dns" || error.reason == "connect" || error.reason == "plain_http" ||
         error.reason == "tls" || error.reason == "proxy";
}

tl::unexpected<Error> NotOurs(const Work& work) {
  return MakeError(ErrorKind::kAborted, "not_holder",
                   "another agent holds " + work.spec().name + " now, so it is left alone here",
                   "ask the agent that holds it");
}

// May a new rotation take the place of one in this state? What is already current gives way: the
// newest wins. A renewed value that is not proven yet does not: with a strict issuer it is the only
// one that will live. A lost reply gives way to a value that somebody brings, not to another
// question.
bool GivesWay(const Rotation& rotation, Origin newcomer) {
  switch (rotation.state) {
    case RotationState::kCurrent:
    case RotationState::kPublished:
    case RotationState::kSettled:
    case RotationState::kRefused:
      return true;
    case RotationState::kCandidate:
      return rotation.origin != Origin::kRefresh;
    case RotationState::kAmbiguous:
      return newcomer != Origin::kRefresh;
    default:
      return false;
  }
}

Status Supersede(Work& work, Origin newcomer) {
  Result<std::optional<Rotation>> latest = work.deps().store.LoadLatestRotation(work.spec().name);
  if (!latest) return tl::unexpected<Error>(latest.error());
  if (!*latest || !IsUnfinished((*latest)->state)) return {};
  const RotationState state = (*latest)->state;
  if (!GivesWay(**latest, newcomer)) {
    return MakeError(ErrorKind::kAborted, "in_flight",
                     "a rotation of " + work.spec().name + " is still in flight, at " +
                         std::string(ToString(state)),
                     "wait for it, or see `tokenwarden explain " + work.spec().name + "`");
  }
  // The newcomer may yet be refused: that a reply was lost must be known afterwards, too.
  const RecoveryRow& row = RecoveryOf(work);
  if (state == RotationState::kAmbiguous && row.step == AfterLostReply::kAskOperator) {
    AskAfterLostReply(work, row);
    if (Status saved = work.Save(); !saved) return saved;
  }
  const bool was_current = state == RotationState::kCurrent || state == RotationState::kPublished ||
                           state == RotationState::kSettled;
  Result<Rotation> ended = Step(work, **latest,
                                To(was_current ? RotationState::kRetired : RotationState::kFailed,
                                   "superseded by a newer value"));
  if (!ended) return tl::unexpected<Error>(ended.error());
  return {};
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
  if (work.keeper().unsaved_reply) {
    return MakeError(ErrorKind::kAborted, "unsaved_reply",
                     "the reply to an earlier renewal of " + work.spec().name +
                         " is not stored yet, so the issuer is not asked again",
                     "see why the state cannot be written");
  }
  const IssuerSession session = work.Session();
  const Observation& conclusive = *work.state().conclusive;
  if (IsDead(conclusive.verdict) &&
      !work.deps().provider.CapabilitiesOf(session.context(), &conclusive).can_replace_dead) {
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
  work.keeper().unsaved_reply = Keeper::UnsavedReply{requested->id, EncodeReply(*reply)};
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

Result<RotationOutcome> Rotator::Offer(Work& work, Origin origin, const Secret& value,
                                       const std::string& accept_worse_reason) const {
  const Fingerprint fingerprint = work.deps().fingerprinter.Of(value);
  if (work.state().generation != 0 && fingerprint == work.state().fingerprint) {
    return RotationOutcome::kUnchanged;
  }
  if (Status free = Supersede(work, origin); !free) return tl::unexpected<Error>(free.error());
  const std::optional<std::uint64_t> epoch = work.Epoch();
  if (!epoch) return NotOurs(work);
  Result<Rotation> rotation = work.deps().store.Begin(
      work.spec().name, origin, work.state().generation, *epoch, work.now(), value.size());
  if (!rotation) {
    work.keeper().in_doubt = true;
    return tl::unexpected<Error>(rotation.error());
  }
  RotationStep candidate = To(RotationState::kCandidate);
  candidate.candidate = value.Clone();
  candidate.candidate_fingerprint = fingerprint;
  Result<Rotation> next = Step(work, *rotation, std::move(candidate));
  if (!next) return tl::unexpected<Error>(next.error());
  return AfterCandidate(work, *next, value, accept_worse_reason);
}

Result<RotationOutcome> Rotator::RollBack(Work& work) const {
  const std::string& name = work.spec().name;
  Result<std::vector<StoredGeneration>> known = work.deps().store.LoadGenerations(name);
  if (!known) return tl::unexpected<Error>(known.error());
  Generation previous = 0;
  for (const StoredGeneration& each : *known) {
    const bool usable = !each.retired && each.generation < work.state().generation &&
                        each.fingerprint != work.state().fingerprint;
    if (usable && each.generation > previous) previous = each.generation;
  }
  if (previous == 0) {
    return MakeError(ErrorKind::kNotFound, "no_previous_value",
                     "no earlier value of " + name + " is kept any more",
                     "earlier values are kept until the new one has settled (see `settle`)");
  }
  Result<Secret> value = work.deps().store.LoadValue(name, previous);
  if (!value) return tl::unexpected<Error>(value.error());
  return Offer(work, Origin::kRollback, *value,
               "roll back to generation " + std::to_string(previous));
}

Result<RotationOutcome> Rotator::AfterCandidate(Work& work, const Rotation& rotation,
                                                const Secret& value,
                                                const std::string& accept_worse_reason) const {
  CredentialState& state = work.state();
  if (state.generation != 0 && rotation.candidate_fingerprint == state.fingerprint) {
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
  const IssuerSession session = work.Session();
  Observation seen = session.Inspect(work.deps().provider, value, work.deps().http);
  std::optional<RefusedCandidate> refused =
      JudgeCandidate(work.spec(), seen, work.LivingObservation(), work.now());
  if (refused && refused->refusal == Refusal::kNotProven) {
    state.inspect.last_at = work.now();
    ++state.inspect.consecutive_failures;
    TellNotProven(work, seen);
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
