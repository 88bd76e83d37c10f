#include "tests/simulation/places.h"

#include <utility>

#include "tests/simulation/bugs.h"
#include "tests/simulation/invariants.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {
namespace {

class OnePlace : public Source, public Sink {
 public:
  OnePlace(World& world, int agent, std::string target)
      : world_(world), agent_(agent), target_(std::move(target)) {}

  Result<Secret> Read() override {
    world_.AtCall(agent_, "Read", false);
    if (world_.HasBug(Bug::kReadBackFromMemory) && written_) return Secret(*written_);
    return world_.places.Read(target_);
  }
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override {
    world_.AtCall(agent_, "Publish", false);
    written_ = std::string(value.Reveal());
    Result<PublishReport> report = world_.places.Write(agent_, target_, value, marker);
    world_.AtCall(agent_, "Publish", true);
    if (!report && world_.HasBug(Bug::kReadBackFromMemory)) return PublishReport{};
    return report;
  }

 private:
  World& world_;
  int agent_;
  std::string target_;
  std::optional<std::string> written_;
};

}  // namespace

void Places::PutByHand(const std::string& target, std::optional<std::string> value) {
  Place& place = places_[target];
  place.held = place.durable = std::move(value);
  place.author = Author::kHand;
}

void Places::AllWell() {
  next_fault = WriteFault::kNone;
  for (auto& each : places_) each.second.broken = false;
}

void Places::LosePowerless() {
  for (auto& each : places_) each.second.held = each.second.durable;
}

Result<Secret> Places::Read(const std::string& target) {
  const Place& place = places_[target];
  if (place.broken) return MakeError(ErrorKind::kUnavailable, "broken", target + " is broken");
  if (!place.held) return MakeError(ErrorKind::kNotFound, "no_such_key", "nothing at " + target);
  return Secret(*place.held);
}

Result<PublishReport> Places::Write(int agent, const std::string& target, const Secret& value,
                                    const PublishMarker& marker) {
  Place& place = places_[target];
  const WriteFault fault = std::exchange(next_fault, WriteFault::kNone);
  if (place.broken || fault == WriteFault::kBeforeEffect) {
    return MakeError(ErrorKind::kUnavailable, "broken", target + " is broken");
  }
  if (fault == WriteFault::kConflict) {
    return MakeError(ErrorKind::kAborted, "conflict", "somebody else wrote " + target);
  }
  if (marker.epoch < place.epoch) {
    return MakeError(ErrorKind::kAborted, "stale", target + " was written by a newer holder");
  }
  JudgeWrite(world_, agent, target, std::string(value.Reveal()), marker);
  PublishReport report;
  const std::string bytes(value.Reveal());
  report.outcome = place.held == bytes ? PublishOutcome::kUnchanged : PublishOutcome::kWritten;
  place.held = bytes;
  if (!world_.HasBug(Bug::kForgetDirectoryFsync)) place.durable = bytes;
  place.author = Author::kAgent;
  place.epoch = marker.epoch;
  place.generation = marker.generation;
  place.turn = TurnOf(world_, agent);
  world_.Tell([&] {
    return "agent " + std::to_string(agent) + " writes " + bytes + " (generation " +
           std::to_string(marker.generation) + ", epoch " + std::to_string(marker.epoch) + ") to " +
           target;
  });
  if (fault == WriteFault::kAfterEffect) {
    return MakeError(ErrorKind::kUnavailable, "not_durable", target + " may not be durable");
  }
  return report;
}

Result<std::unique_ptr<Source>> PlacePorts::MakeSource(const SourceSpec& spec) {
  return std::unique_ptr<Source>(new OnePlace(world_, agent_, Describe(spec)));
}

Result<std::unique_ptr<Sink>> PlacePorts::MakeSink(const SinkSpec& spec) {
  return std::unique_ptr<Sink>(new OnePlace(world_, agent_, spec.Target()));
}

Result<Secret> PlacePorts::Resolve(const SecretRef& ref) {
  return world_.places.Read(Describe(ref));
}

Status PlacePorts::Notify(const NotifySpec& spec, const Notice& notice) {
  world_.AtCall(agent_, "Notify", false);
  JudgeNotice(world_, spec, notice);
  return {};
}

}  // namespace tokenwarden::simulation
