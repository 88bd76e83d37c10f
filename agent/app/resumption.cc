// The part of Rotator that goes on where something was left: after a restart, a lost reply, another
// holder.
#include <algorithm>
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
  Result<std::vector<Rotation>> refused = work.deps().store.LoadRefused(work.spec().name);
  if (!refused) return tl::unexpected<Error>(refused.error());
  const auto kept = std::find_if(refused->begin(), refused->end(), [&](const Rotation& each) {
    return each.origin == Origin::kRefresh && each.from_generation == state.generation;
  });
  if (kept == refused->end()) return RotationOutcome::kUnchanged;
  Result<Secret> value = work.deps().store.LoadCandidate(kept->id);
  // What does not open is no way out of anything; the need that stands is the right one.
  if (!value && value.error().kind == ErrorKind::kDataLoss) return RotationOutcome::kUnchanged;
  if (!value) return tl::unexpected<Error>(value.error());
  Observation seen = work.Prove(*value);
  if (JudgeCandidate(work.spec(), seen, std::nullopt, work.now())) return RotationOutcome::kRefused;
  work.Audit("reconsidered",
             "the renewed value was refused as worse; the old one is dead now, so it is taken");
  return TakeKept(work, *kept, std::move(seen));
}

Result<RotationOutcome> Rotator::Rescue(Work& work) const {
  std::optional<Keeper::UnsavedReply>& unsaved = work.keeper().unsaved_reply;
  if (!unsaved) return RotationOutcome::kUnchanged;
  if (unsaved->from != work.state().generation) {
    // Older than what another holder got since; with it, that one's value would be undone.
    work.Audit("late_reply",
               "a reply that could not be stored before another value came is let go");
    unsaved.reset();
    return RotationOutcome::kUnchanged;
  }
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
    case RotationState::kProven:
      return ResumeCandidate(work, rotation);
    default:
      return RotationOutcome::kUnchanged;
  }
}

Result<RotationOutcome> Rotator::ResumeCandidate(Work& work, const Rotation& rotation) const {
  Result<Secret> value = work.deps().store.LoadCandidate(rotation.id);
  if (!value && value.error().kind == ErrorKind::kDataLoss) {
    return GiveUpCandidate(work, rotation, value.error());
  }
  if (!value) return tl::unexpected<Error>(value.error());
  if (rotation.state == RotationState::kCandidate) {
    return AfterCandidate(work, rotation, *value, "");
  }
  // A proof is not stored, only that there was one: a proven value is proven again, it costs a
  // read.
  Observation seen = work.Prove(*value);
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

Result<RotationOutcome> Rotator::GiveUpCandidate(Work& work, const Rotation& rotation,
                                                 const Error& error) const {
  const bool asked_issuer = rotation.origin == Origin::kRefresh;
  std::optional<Secret> rescued;
  if (asked_issuer && rotation.has_reply) {
    Result<Secret> stored = work.deps().store.LoadReply(rotation.id);
    Result<HttpReply> reply = stored ? DecodeReply(*stored) : tl::unexpected<Error>(stored.error());
    Result<RenewedValue> renewed =
        reply ? work.deps().provider.ParseRenewal(*reply) : tl::unexpected<Error>(reply.error());
    if (renewed) rescued = std::move(renewed->value);
  }
  CountFailure(work, error);
  if (asked_issuer) {
    // Also when the reply still opens: a process that ends here must not ask again at once.
    NoteLostReply(work, rotation);
    const RecoveryRow& row = RecoveryOf(work);
    if (row.step == AfterLostReply::kAskOperator) AskAfterLostReply(work, row);
  } else {
    work.NeedOperator("candidate_unreadable",
                      "the value brought for " + work.spec().name +
                          " cannot be read back from the state: " + error.message +
                          ". The current value stays in use; bring it again: `tokenwarden submit " +
                          work.spec().name + "`");
  }
  if (Status saved = work.Save(); !saved) return tl::unexpected<Error>(saved.error());
  Result<Rotation> ended = Step(work, rotation, To(RotationState::kFailed, error.message));
  if (!ended) return tl::unexpected<Error>(ended.error());
  work.Show();
  if (!rescued) return RotationOutcome::kFailed;
  return Offer(work, Origin::kRefresh, *rescued, "");
}

Result<RotationOutcome> Rotator::Lose(Work& work, const Rotation& rotation,
                                      const Error& error) const {
  Result<Rotation> lost = Step(work, rotation, To(RotationState::kAmbiguous, error.message));
  if (!lost) return tl::unexpected<Error>(lost.error());
  CountFailure(work, error);
  return AfterAmbiguous(work, *lost);
}

Result<RotationOutcome> Rotator::AfterAmbiguous(Work& work, const Rotation& rotation) const {
  NoteLostReply(work, rotation);
  const RecoveryRow& row = RecoveryOf(work);
  if (row.step == AfterLostReply::kAskOperator) AskAfterLostReply(work, row);
  // Durable before the rotation ends: when asking again ends to be safe must be known then.
  Status saved = work.Save();
  if (!saved) return tl::unexpected<Error>(saved.error());
  if (row.step == AfterLostReply::kAskOperator) return RotationOutcome::kAmbiguous;
  Result<Rotation> ended = Step(
      work, rotation, To(RotationState::kFailed, "the reply was lost; " + std::string(row.why)));
  if (!ended) return tl::unexpected<Error>(ended.error());
  work.Show();
  return RotationOutcome::kAmbiguous;
}

}  // namespace tokenwarden
