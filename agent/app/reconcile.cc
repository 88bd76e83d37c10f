#include "agent/app/reconcile.h"

#include <algorithm>

#include "agent/app/gather.h"
#include "agent/app/inspection.h"
#include "agent/app/publishing.h"
#include "agent/app/retirement.h"
#include "agent/app/rotation.h"

namespace tokenwarden {
namespace {

// More steps than any honest pass needs: inspect, refresh, publish, hold, and room for a surprise.
constexpr int kMaxSteps = 8;
constexpr Seconds kResumeFirst{5};
constexpr Seconds kResumeCeiling{15 * 60};

Seconds VerifyEvery(const CredentialSpec& spec) {
  Seconds every = spec.inspect_every;
  for (const SinkSpec& sink : spec.sinks) {
    if (sink.verify_every > Seconds{0}) every = std::min(every, sink.verify_every);
  }
  return every;
}

// A rotation that has not reached `current`: it is resumed before anything else is decided.
bool IsEarly(RotationState state) {
  return IsUnfinished(state) && state != RotationState::kCurrent &&
         state != RotationState::kPublished && state != RotationState::kSettled;
}

// Goes on with what an earlier pass or an earlier process left. Returns when to try again.
std::optional<Instant> ResumeEarlyRotation(Work& work, const Rotator& rotator) {
  if (!work.state().rotation || !IsEarly(*work.state().rotation)) return std::nullopt;
  const Attempts& inspect = work.state().inspect;
  const Seconds delay =
      BackoffDelay(inspect.consecutive_failures, kResumeFirst, kResumeCeiling, std::nullopt);
  // Only a proof asks the issuer again; everything else is known without it.
  const bool asks = *work.state().rotation == RotationState::kCandidate ||
                    *work.state().rotation == RotationState::kProven;
  const bool waited = !asks || inspect.consecutive_failures == 0 || !inspect.last_at ||
                      work.now() >= *inspect.last_at + delay || work.now() < *inspect.last_at;
  if (!waited) return *inspect.last_at + delay;
  Result<std::optional<Rotation>> latest = work.deps().store.LoadLatestRotation(work.spec().name);
  if (!latest) return work.now() + kResumeFirst;  // the store is in trouble: nothing is forgotten
  if (!*latest || !IsEarly((*latest)->state)) {
    work.state().rotation.reset();
    return std::nullopt;
  }
  Result<RotationOutcome> outcome = rotator.Resume(work, **latest);
  if (!outcome || *outcome == RotationOutcome::kWaiting) {
    const Seconds again = BackoffDelay(std::max(1u, work.state().inspect.consecutive_failures),
                                       kResumeFirst, kResumeCeiling, std::nullopt);
    return work.now() + again;
  }
  return std::nullopt;
}

// Returns false when the pass should end: the step failed in a way that another step cannot mend
// now.
bool Act(Work& work, const Rotator& rotator, const Decision& decision) {
  switch (decision.action) {
    case Action::kHold:
      return false;
    case Action::kInspect:
      if (work.state().generation == 0) return LookAtPlaces(work, rotator).has_value();
      return InspectCurrent(work) && rotator.Reconsider(work);
    case Action::kRefresh:
      return rotator.Refresh(work).has_value();
    case Action::kPublish:
      return PublishTo(work, rotator, decision.targets).has_value();
    case Action::kNeedsOperator:
      work.NeedOperator(decision.reason, decision.sentence);
      return work.Save().has_value();
  }
  return false;
}

bool VerifyDue(Work& work, Instant now) {
  Keeper& keeper = work.keeper();
  const Instant last = keeper.last_verify.load();
  return keeper.asked_verify.exchange(false) || now < last ||
         now >= last + VerifyEvery(work.spec());
}

}  // namespace

PassResult Reconcile(const Deps& deps, Keeper& keeper, WorkLimits limits) {
  const std::unique_lock<std::mutex> acting = keeper.Acting();
  Work work(deps, keeper, limits);
  return ReconcileLocked(work);
}

PassResult ReconcileLocked(Work& work) {
  if (Status hold = work.TakeHold(); !hold) {
    const bool elsewhere = hold.error().reason == "not_holder";
    return {work.now() + (elsewhere ? work.spec().inspect_every : kResumeFirst), false,
            std::nullopt};
  }
  const Rotator rotator;
  AlignSinks(work);
  const std::optional<Instant> resume_at = ResumeEarlyRotation(work, rotator);
  const bool is_free = !work.state().rotation || !IsEarly(*work.state().rotation);
  if (is_free && !work.keeper().in_doubt) rotator.Rescue(work);
  if (VerifyDue(work, work.now())) {
    work.keeper().last_verify = work.now();
    if (!resume_at) LookAtPlaces(work, rotator);
  }
  Instant until = work.now() + work.spec().inspect_every;
  for (int step = 0; step < kMaxSteps; ++step) {
    if (work.keeper().in_doubt) {
      until = work.now() + kResumeFirst;
      break;
    }
    const bool asked_inspect = work.keeper().asked_inspect.exchange(false);
    const bool asked_refresh = work.keeper().asked_refresh.exchange(false);
    const Decision decision = Decide(Gather(work, asked_inspect, asked_refresh), work.now());
    if (decision.action == Action::kHold) {
      until = decision.until.value_or(until);
      break;
    }
    Event event = work.MakeEvent(Event::Kind::kAgent, LogLevel::kDebug, "decided");
    event.reason = decision.reason;
    event.fields = {{"action", std::string(ToString(decision.action))},
                    {"sentence", decision.sentence}};
    work.Tell(event);
    if (!Act(work, rotator, decision)) {
      until = work.now() + kResumeFirst;
      break;
    }
  }
  PassResult result;
  const std::optional<Instant> settle_at = FinishRotation(work);
  result.next_look = std::min(until, work.keeper().last_verify.load() + VerifyEvery(work.spec()));
  if (resume_at) result.next_look = std::min(result.next_look, *resume_at);
  if (settle_at) result.next_look = std::min(result.next_look, *settle_at);
  result.next_look = std::max(result.next_look, work.now() + Seconds{1});
  result.issuer_silent = work.state().silence.has_value();
  if (result.issuer_silent && work.state().silence->reason == Reason::kRateLimited) {
    result.lane_not_before = work.state().inspect.not_before;
  }
  work.keeper().next_look = result.next_look;
  work.Show();
  return result;
}

}  // namespace tokenwarden
