#include "tests/simulation/agent_process.h"

#include "agent/app/gather.h"
#include "tests/simulation/bugs.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {

Instant WallClock::Now() const {
  if (world_.HasBug(Bug::kRacingClock)) world_.wall_offset += 2 * kMinute;
  return world_.wall();
}

std::chrono::steady_clock::time_point WallClock::SteadyNow() const {
  return std::chrono::steady_clock::time_point(world_.true_now.time_since_epoch());
}

std::optional<std::uint64_t> LeaseView::EpochOf(const std::string&) {
  world_.AtCall(agent_, "EpochOf", false);
  Grant& grant = world_.grants[static_cast<std::size_t>(agent_)];
  if (world_.lease.holder != agent_) {
    const bool was_holder = grant.turn != 0;
    if (world_.HasBug(Bug::kIgnoreLease) && was_holder) return grant.epoch;
    return std::nullopt;
  }
  grant = {world_.lease.epoch, world_.lease.turn};
  return grant.epoch;
}

void EventNotes::On(const Event& event) noexcept {
  if (!world_.history.kept()) return;
  world_.Tell([&] {
    std::string line = "agent " + std::to_string(agent_) + ": " + event.message;
    if (!event.reason.empty()) line += " [" + event.reason + "]";
    if (!event.target.empty()) line += " " + event.target;
    for (const auto& [key, value] : event.fields) line += " " + key + "=" + value;
    return line;
  });
}

AgentProcess::AgentProcess(World& world, int id)
    : world_(world),
      id_(id),
      clock_(world),
      issuer_(world, id),
      store_(world, id),
      places_(world, id),
      lease_(world, id),
      events_(world, id),
      deps_{clock_,  issuer_,        issuer_, store_, places_,
            places_, fingerprinter_, places_, lease_, events_} {}

bool AgentProcess::Start() {
  Result<std::vector<CredentialState>> stored = store_.LoadStates();
  if (!stored) return false;
  const CredentialSpec& spec = world_.scenario.spec;
  CredentialState state;
  for (CredentialState& each : *stored) {
    if (each.name == spec.name) state = std::move(each);
  }
  state.name = spec.name;
  world_.Tell([&] { return "agent " + std::to_string(id_) + " starts"; });
  keeper_ = std::make_unique<Keeper>(spec, state);
  return true;
}

PassResult AgentProcess::Pass() { return Reconcile(deps_, *keeper_, WorkLimits{}); }

void AgentProcess::Submit(const std::string& value, const std::string& accept_worse_reason) {
  const std::unique_lock<std::mutex> acting = keeper_->Acting();
  Work work(deps_, *keeper_, WorkLimits{});
  if (!work.TakeHold()) return;
  Rotator().Offer(work, Origin::kSubmit, Secret(value), accept_worse_reason).has_value();
  ReconcileLocked(work);
}

void AgentProcess::Refresh() {
  const std::unique_lock<std::mutex> acting = keeper_->Acting();
  Work work(deps_, *keeper_, WorkLimits{});
  if (!work.TakeHold()) return;
  if (!Gather(work, false, true).can_refresh) return;
  world_.operator_asks = true;
  const bool done = Rotator().Refresh(work).has_value();
  world_.operator_asks = false;
  if (done) ReconcileLocked(work);
}

void AgentProcess::RollBack() {
  const std::unique_lock<std::mutex> acting = keeper_->Acting();
  Work work(deps_, *keeper_, WorkLimits{});
  if (!work.TakeHold()) return;
  if (Rotator().RollBack(work)) ReconcileLocked(work);
}

void AgentProcess::TakeConfiguration() {
  const CredentialSpec& spec = world_.scenario.spec;
  keeper_->ReplaceSpec(spec);
  keeper_->asked_verify = true;
}

}  // namespace tokenwarden::simulation
