// The part of Rotator that takes values which somebody else brought, or which were kept.
#include <utility>

#include "agent/app/rotation.h"
#include "agent/app/rotation_steps.h"
#include "agent/app/superseding.h"

namespace tokenwarden {

Result<RotationOutcome> Rotator::Offer(Work& work, Origin origin, const Secret& value,
                                       const std::string& accept_worse_reason) const {
  const Fingerprint fingerprint = work.deps().fingerprinter.Of(value);
  if (IsWhatWeHold(work.state(), fingerprint)) return RotationOutcome::kUnchanged;
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

Result<RotationOutcome> Rotator::AcceptKept(Work& work, const std::string& reason) const {
  const std::string& name = work.spec().name;
  Result<std::vector<Rotation>> kept = work.deps().store.LoadRefused(name);
  if (!kept) return tl::unexpected<Error>(kept.error());
  Error why{ErrorKind::kNotFound, "nothing_kept", "no refused value of " + name + " is kept",
            "bring one: `tokenwarden submit " + name + "`"};
  for (const Rotation& each : *kept) {
    Result<Secret> value = work.deps().store.LoadCandidate(each.id);
    if (!value) {
      why = value.error();
      continue;
    }
    Observation seen = work.Prove(*value);
    const std::optional<RefusedCandidate> refused =
        JudgeCandidate(work.spec(), seen, work.LivingObservation(), work.now());
    if (refused && refused->refusal == Refusal::kNotProven) {
      return MakeError(ErrorKind::kUnavailable, "not_proven", refused->sentence,
                       "try again once the issuer answers");
    }
    if (refused) {
      why = Error{ErrorKind::kFailedPrecondition, std::string(ToString(refused->refusal)),
                  refused->sentence, "the current value stays in use"};
    }
    if (IsDead(seen.verdict)) continue;  // an older one may live
    if (refused && reason.empty()) break;
    if (refused) {
      work.Audit("accepted_worse", refused->sentence + " Accepted by an operator: " + reason);
    }
    return TakeKept(work, each, std::move(seen));
  }
  return tl::unexpected<Error>(std::move(why));
}

Result<RotationOutcome> Rotator::TakeKept(Work& work, const Rotation& kept,
                                          Observation seen) const {
  if (Status free = Supersede(work, Origin::kSubmit); !free) {
    return tl::unexpected<Error>(free.error());
  }
  if (!work.Epoch()) return NotOurs(work);
  Result<Rotation> proven = Step(work, kept, To(RotationState::kProven));
  if (!proven) return tl::unexpected<Error>(proven.error());
  return AfterProven(work, *proven, std::move(seen));
}

}  // namespace tokenwarden
