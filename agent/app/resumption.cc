// The part of Rotator that goes on where something was left: after a restart, a lost reply, another
// holder.
#include <utility>

#include "agent/app/reply_codec.h"
#include "agent/app/rotation.h"
#include "agent/app/rotation_steps.h"
#include "agent/core/acceptance.h"

namespace tokenwarden {

Result<RotationOutcome> Rotator::Reconsider(Work& work) const {
  const CredentialState& state = work.state();
  const bool dead = state.generation != 0 && state.conclusive && IsDead(state.conclusive->verdict);
  if (!dead) return RotationOutcome::kUnchanged;
  Result<std::optional<Rotation>> latest = work.deps().store.LoadLatestRotation(work.spec().name);
  if (!latest) return tl::unexpected<Error>(latest.error());
  const bool kept = *latest && (*latest)->state == RotationState::kRefused &&
                    (*latest)->origin == Origin::kRefresh && (*latest)->has_candidate &&
                    (*latest)->from_generation == state.generation;
  if (!kept) return RotationOutcome::kUnchanged;
  Result<Secret> value = work.deps().store.LoadCandidate((*latest)->id);
  if (!value) return tl::unexpected<Error>(value.error());
  Observation seen = work.Session().Inspect(work.deps().provider, *value, work.deps().http);
  if (JudgeCandidate(work.spec(), seen, std::nullopt, work.now())) return RotationOutcome::kRefused;
  Result<Rotation> proven = Step(work, **latest, To(RotationState::kProven));
  if (!proven) return tl::unexpected<Error>(proven.error());
  work.Audit("reconsidered",
             "the renewed value was refused as worse; the old one is dead now, so "
             "it is taken");
  return AfterProven(work, *proven, std::move(seen));
}

Result<RotationOutcome> Rotator::Rescue(Work& work) const {
  std::optional<Keeper::UnsavedReply>& unsaved = work.keeper().unsaved_reply;
  if (!unsaved) return RotationOutcome::kUnchanged;
  Result<HttpReply> reply = DecodeReply(unsaved->reply);
  Result<RenewedValue> renewed =
      reply ? work.deps().provider.ParseRenewal(*reply) : tl::unexpected<Error>(reply.error());
  if (!renewed) {
    unsaved.reset();
    return RotationOutcome::kFailed;
  }
  Result<RotationOutcome> outcome = Offer(work, Origin::kRefresh, renewed->value, "");
  if (outcome) unsaved.reset();
  return outcome;
}

Result<RotationOutcome> Rotator::Resume(Work& work, const Rotation& rotation) const {
  const auto& unsaved = work.keeper().unsaved_reply;
  const bool holds_reply = unsaved && unsaved->rotation == rotation.id;
  switch (rotation.state) {
    case RotationState::kIntent:
      return Fail(work, rotation,
                  Error{ErrorKind::kUnavailable, "interrupted",
                        "the agent stopped before the renewal request was sent", ""});
    case RotationState::kRequested: {
      if (holds_reply) return StoreReply(work, rotation);
      Result<Rotation> lost =
          Step(work, rotation,
               To(RotationState::kAmbiguous, "the agent stopped before the reply was stored"));
      if (!lost) return tl::unexpected<Error>(lost.error());
      return AfterAmbiguous(work, *lost);
    }
    case RotationState::kAmbiguous:
      return holds_reply ? StoreReply(work, rotation) : AfterAmbiguous(work, rotation);
    case RotationState::kReceived: {
      Result<Secret> stored = work.deps().store.LoadReply(rotation.id);
      if (!stored && stored.error().kind == ErrorKind::kDataLoss) {
        return Lose(work, rotation, stored.error());
      }
      if (!stored) return tl::unexpected<Error>(stored.error());
      if (holds_reply) work.keeper().unsaved_reply.reset();
      Result<HttpReply> reply = DecodeReply(*stored);
      if (!reply) return Lose(work, rotation, reply.error());
      return AfterReceived(work, rotation, *reply);
    }
    case RotationState::kCandidate:
    case RotationState::kProven: {
      // A proof is not stored, only that there was one: a proven value is proven again, it costs a
      // read.
      Result<Secret> value = work.deps().store.LoadCandidate(rotation.id);
      if (!value) return tl::unexpected<Error>(value.error());
      if (rotation.state == RotationState::kCandidate) {
        return AfterCandidate(work, rotation, *value, "");
      }
      Observation seen = work.Session().Inspect(work.deps().provider, *value, work.deps().http);
      const std::optional<RefusedCandidate> refused =
          JudgeCandidate(work.spec(), seen, work.LivingObservation(), work.now());
      // What was accepted although worse stays accepted; what cannot live any more does not.
      if (refused && refused->refusal == Refusal::kNotProven) {
        TellNotProven(work, seen);
        return RotationOutcome::kWaiting;
      }
      if (IsDead(seen.verdict)) return Refuse(work, rotation, *refused, std::move(seen));
      return AfterProven(work, rotation, std::move(seen));
    }
    default:
      return RotationOutcome::kUnchanged;
  }
}

Result<RotationOutcome> Rotator::Lose(Work& work, const Rotation& rotation,
                                      const Error& error) const {
  Result<Rotation> lost = Step(work, rotation, To(RotationState::kAmbiguous, error.message));
  if (!lost) return tl::unexpected<Error>(lost.error());
  CountFailure(work, error);
  return AfterAmbiguous(work, *lost);
}

Result<RotationOutcome> Rotator::AfterAmbiguous(Work& work, const Rotation& rotation) const {
  const RecoveryRow& row = RecoveryOf(work);
  if (row.step == AfterLostReply::kAskOperator) {
    AskAfterLostReply(work, row);
  } else {
    Result<Rotation> ended = Step(
        work, rotation, To(RotationState::kFailed, "the reply was lost; " + std::string(row.why)));
    if (!ended) return tl::unexpected<Error>(ended.error());
  }
  work.Save();
  return RotationOutcome::kAmbiguous;
}

}  // namespace tokenwarden
