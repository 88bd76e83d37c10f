#include "tests/simulation/world.h"

#include <cstring>

#include "tests/simulation/bugs.h"

namespace tokenwarden::simulation {
namespace {

constexpr Seconds kYear = kDay * 365;
const Instant kStart = FromUnix(1795262400);

}  // namespace

const std::vector<const char*>& DelicateCalls() {
  static const std::vector<const char*> calls = {
      "Begin",        "Advance", "Advance",   "Send",   "Promote",           "Publish",
      "SaveSink",     "Read",    "SaveState", "Retire", "ClaimNotification", "WriteDocument",
      "WriteDocument"};
  return calls;
}

World::World(std::uint64_t seed, std::optional<Bug> planted, bool keep_history)
    : random(seed),
      scenario(DrawScenario(random)),
      history(keep_history),
      bug(planted),
      true_now(kStart) {
  // The other bugs are planted in the store on a disk, or have nothing to do with the state.
  if (bug && *bug != Bug::kIgnoreEpoch) scenario.documents = false;
  const bool shared = scenario.agents > 1;
  lease.epoch = shared ? 1 : 0;
  lease.turn = shared ? 1 : 0;
  grants.resize(static_cast<std::size_t>(scenario.agents));
}

void World::PassLeaseOn() {
  if (scenario.agents < 2 || request_in_the_air) return;
  lease.holder = (lease.holder + 1) % scenario.agents;
  ++lease.turn;
  if (!HasBug(Bug::kReuseOldEpoch)) ++lease.epoch;
  Disturbed();
  Tell([&] {
    return "the lease goes to agent " + std::to_string(lease.holder) + ", epoch " +
           std::to_string(lease.epoch);
  });
}

void World::JumpClock() {
  wall_offset += random.Pick<Seconds>({kHour, -kHour, kYear, -kYear, -wall_offset});
  Disturbed();
  Tell([&] { return "the clock jumps"; });
}

void World::EditByHand() {
  std::vector<std::string> targets;
  for (const SinkSpec& sink : scenario.spec.sinks) targets.push_back(sink.Target());
  if (scenario.spec.source) targets.push_back(Describe(*scenario.spec.source));
  const std::string target = random.Pick(targets);
  std::optional<std::string> value;
  switch (random.Below(5)) {
    case 0:
      value = "garbage";
      break;
    case 1:
      break;  // deleted
    case 2: {
      const auto& generations = Durable().rows[scenario.spec.name].generations;
      if (!generations.empty()) value = std::string(generations.begin()->second.second.Reveal());
      if (!value || value->empty()) value = "garbage";
      break;
    }
    default:
      value = issuer.Mint(random.Percent(70) ? Quality::kGood : Quality::kDead, kDay * 60);
  }
  places.PutByHand(target, value);
  Disturbed();
  Tell([&] { return "somebody puts " + value.value_or("nothing") + " into " + target; });
}

void World::AtCall(int agent, const char* call, bool after_effect) {
  if (planned.what == Mischief::kNone) return;
  if (planned.only != nullptr && std::strcmp(planned.only, call) != 0) return;
  if (--planned.in_calls > 0) return;
  const Mischief what = planned.what;
  planned.what = Mischief::kNone;
  Disturbed();
  const auto where = [&] {
    return " agent " + std::to_string(agent) + (after_effect ? " after " : " before ") + call;
  };
  switch (what) {
    case Mischief::kNone:
      break;
    case Mischief::kCrash:
      Tell([&] { return "crash:" + where(); });
      throw Crash{};
    case Mischief::kPause:
      // The time between the last look at the lease and the request cannot be guarded by anybody; a
      // lease lasts longer.
      if (lease.holder != agent || std::strcmp(call, "Send") == 0) break;
      if (scenario.agents < 2 || request_in_the_air) break;
      Tell([&] { return "paused:" + where(); });
      PassLeaseOn();
      while_paused(agent);
      Tell([&] { return "goes on:" + where(); });
      break;
    case Mischief::kSuspend:
      true_now += Seconds(kHour * random.Between(1, 48));
      Tell([&] { return "suspended for hours:" + where(); });
      break;
    case Mischief::kJump:
      JumpClock();
      break;
    case Mischief::kHandEdit:
      EditByHand();
      break;
  }
}

}  // namespace tokenwarden::simulation
