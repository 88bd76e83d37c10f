#include "agent/app/superseding.h"

#include "agent/app/rotation_steps.h"

namespace tokenwarden {
namespace {

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

}  // namespace

tl::unexpected<Error> NotOurs(const Work& work) {
  return MakeError(ErrorKind::kAborted, "not_holder",
                   "another agent holds " + work.spec().name + " now, so it is left alone here",
                   "ask the agent that holds it");
}

bool IsWhatWeHold(const CredentialState& state, const Fingerprint& fingerprint) {
  return state.generation != 0 && fingerprint == state.fingerprint && !ValueIsUnreadable(state);
}

Status Supersede(Work& work, Origin newcomer) {
  Result<std::optional<Rotation>> latest = work.deps().store.LoadLatestRotation(work.spec().name);
  if (!latest) return tl::unexpected<Error>(latest.error());
  if (!*latest || !IsUnfinished((*latest)->state)) return {};
  const RotationState state = (*latest)->state;
  if (!GivesWay(**latest, newcomer)) {
    return MakeError(
        ErrorKind::kAborted, "in_flight",
        "a rotation of " + work.spec().name + " is still in flight, at " +
            std::string(ToString(state)),
        "wait for it, or see `tokenwarden status " + work.spec().name + " --rotation`");
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

}  // namespace tokenwarden
