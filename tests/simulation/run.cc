#include "tests/simulation/run.h"

#include <algorithm>
#include <memory>

#include "agent/core/refresh_policy.h"
#include "tests/simulation/agent_process.h"
#include "tests/simulation/invariants.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {
namespace {

// How long everything may take once nothing is broken any more, and how many passes that may cost.
constexpr Seconds kPeace = kDay * 4;
constexpr int kPeacePasses = 600;

using Row = std::remove_reference_t<decltype(World::disk->rows.begin()->second)>;

// Fingerprints are readable here: `hmac:` and the value.
std::string_view FingerprintedValue(const Fingerprint& fingerprint) {
  const std::string_view text = fingerprint.text;
  return text.substr(std::min<std::size_t>(text.size(), 5));
}

class Run {
 public:
  Run(std::uint64_t seed, std::optional<Bug> planted, bool keep_history)
      : world_(seed, planted, keep_history),
        processes_(world_.grants.size()),
        due_(processes_.size()) {
    world_.while_paused = [this](int paused) { OthersAct(paused); };
  }

  RunResult Go() {
    Open();
    for (int step = 0; step < world_.scenario.steps && Unharmed(); ++step) Step();
    if (Unharmed()) MakePeace();
    RunResult result;
    result.steps = steps_;
    result.crashes = world_.ledger.crashes;
    result.violations = world_.ledger.violations;
    result.history = world_.history.lines();
    return result;
  }

 private:
  bool Unharmed() const { return world_.ledger.violations.empty(); }
  int holder() const { return world_.lease.holder; }
  std::size_t At(int agent) const { return static_cast<std::size_t>(agent); }

  Keepers AllKeepers() const {
    Keepers keepers;
    for (const auto& process : processes_) {
      keepers.push_back(process ? process->keeper() : nullptr);
    }
    return keepers;
  }

  // The first value, somewhere in its life.
  void Open() {
    const Scenario& scenario = world_.scenario;
    world_.Tell([&] {
      return "issuer " + std::string(ToString(scenario.model)) + ", " +
             std::to_string(scenario.agents) + " agents, " +
             std::to_string(scenario.spec.sinks.size()) + " sinks, settle " +
             FormatDuration(scenario.spec.settle) + ", inspect every " +
             FormatDuration(scenario.spec.inspect_every) + ", life " +
             FormatDuration(scenario.life);
    });
    const bool ends = scenario.life > Seconds{0};
    const Quality quality = world_.random.Percent(94) ? Quality::kGood : Quality::kDead;
    const std::string first =
        world_.issuer.Mint(quality, ends ? std::optional(scenario.life) : std::nullopt);
    if (ends) world_.true_now += scenario.life * world_.random.Between(0, 95) / 100;
    if (scenario.spec.source) world_.places.PutByHand(Describe(*scenario.spec.source), first);
  }

  // ---- one process ----

  template <typename Act>
  void Guarded(int agent, Act act) {
    auto& process = processes_[At(agent)];
    try {
      if (!process) process = std::make_unique<AgentProcess>(world_, agent);
      if (process->keeper() == nullptr && !process->Start()) {
        due_[At(agent)] = world_.wall() + Seconds{5};
        process.reset();
        return;
      }
      act(*process);
    } catch (const Crash&) {
      End(agent);
    }
  }

  void End(int agent) {
    processes_[At(agent)].reset();
    due_[At(agent)] = world_.wall() + Seconds{1};
    NoteCrash(world_, agent, AllKeepers());
  }

  void Pass(int agent) {
    ++steps_;
    const std::size_t disturbed = world_.ledger.disturbances.size();
    Guarded(agent, [&](AgentProcess& process) {
      due_[At(agent)] = process.Pass().next_look;
      const bool quiet = disturbed == world_.ledger.disturbances.size();
      if (quiet && agent == holder()) JudgePass(world_, *process.keeper());
    });
  }

  void OthersAct(int paused) {
    const int other = holder();
    if (other == paused) return;
    for (int pass = world_.random.Between(1, 3); pass > 0; --pass) {
      world_.true_now += Seconds(world_.random.Below(2 * 3600));
      Pass(other);
    }
  }

  // ---- one step ----

  void Step() {
    const int what = world_.random.Below(100);
    if (what < 14) PlanMischief();
    if (what >= 14 && what < 34) BreakSomething();
    if (what >= 34 && what < 40) MendSomething();
    if (what >= 40 && what < 46) HandEdit();
    if (what >= 46 && what < 55) AnOperatorActs();
    if (what >= 55 && what < 58) world_.JumpClock();
    if (what >= 58 && what < 61) Configure();
    if (what >= 61 && what < 65) world_.PassLeaseOn();
    if (what >= 65 && what < 68) Kill();
    LetTimePass();
    Pass(world_.random.Percent(85) ? holder() : world_.random.Below(world_.scenario.agents));
    JudgeStep(world_, AllKeepers());
  }

  void LetTimePass() {
    const Instant due = due_[At(holder())];
    Seconds wait = std::clamp(due - world_.wall(), Seconds{1}, 30 * kDay);
    if (world_.random.Percent(15)) wait = Seconds(world_.random.Below(600));
    if (world_.random.Percent(15)) wait = std::max(wait, UntilRenewal());
    if (world_.random.Percent(4)) wait = std::max(wait, UntilTheEnd());
    world_.true_now += wait;
  }

  // To the very second in which the current value ends.
  Seconds UntilTheEnd() {
    const Row& row = world_.Durable().rows[world_.scenario.spec.name];
    const Token* token = world_.issuer.Find(FingerprintedValue(row.state.fingerprint));
    return token && token->ends ? *token->ends - world_.true_now : Seconds{0};
  }

  // A machine that slept until just after the renewal was due.
  Seconds UntilRenewal() {
    const AgentProcess* process = processes_[At(holder())].get();
    if (process == nullptr || process->keeper() == nullptr) return Seconds{0};
    const auto state = process->keeper()->state();
    const std::optional<Instant> due = RenewalDueAt(world_.scenario.spec, *state);
    return due ? std::clamp(*due - world_.wall() + kMinute, Seconds{0}, 60 * kDay) : Seconds{0};
  }

  void PlanMischief() {
    static const std::vector<Mischief> kinds = {
        Mischief::kCrash, Mischief::kCrash,   Mischief::kCrash, Mischief::kPause,
        Mischief::kPause, Mischief::kSuspend, Mischief::kJump,  Mischief::kHandEdit};
    const bool delicate = world_.random.Percent(60);
    world_.planned = {world_.random.Pick(kinds), world_.random.Between(1, delicate ? 6 : 60),
                      delicate ? world_.random.Pick(DelicateCalls()) : nullptr};
  }

  void BreakSomething() {
    Random& random = world_.random;
    switch (random.Below(6)) {
      case 0:
        world_.disk_fault = {nullptr, random.Below(25),
                             random.Percent(60) ? 1 : random.Between(2, 40), random.Percent(40),
                             random.Percent(15)};
        if (random.Percent(50)) {
          world_.disk_fault.only = random.Pick(DelicateCalls());
          world_.disk_fault.skip = random.Below(4);
        }
        break;
      case 1:
        world_.issuer.silence =
            random.Pick<Reason>({Reason::kOutage, Reason::kRateLimited, Reason::kBlocked,
                                 Reason::kInspector, Reason::kBadReply});
        break;
      case 2: {
        Place& place = world_.places.At(random.Pick(world_.scenario.spec.sinks).Target());
        place.broken = true;
        break;
      }
      case 3:
        world_.places.next_fault = static_cast<WriteFault>(random.Between(1, 3));
        break;
      case 4:
        world_.issuer.next_quality = static_cast<Quality>(random.Below(kQualities));
        break;
      default:
        world_.issuer.next_fate = static_cast<Fate>(random.Below(kFates));
        break;
    }
  }

  void MendSomething() {
    world_.places.AllWell();
    world_.disk_fault = {};
    world_.issuer.silence.reset();
  }

  void HandEdit() {
    world_.EditByHand();
    for (const auto& process : processes_) {
      if (process && process->keeper()) process->keeper()->asked_verify = true;
    }
  }

  void AnOperatorActs() {
    Random& random = world_.random;
    world_.Disturbed();
    const int what = random.Below(5);
    world_.Tell([&] {
      static const char* const kNames[] = {"submits", "submits, worse or not", "refreshes",
                                           "rolls back", "checks"};
      return std::string("an operator ") + kNames[what];
    });
    Guarded(holder(), [&](AgentProcess& process) {
      switch (what) {
        case 0:
        case 1: {
          const auto quality = static_cast<Quality>(random.Percent(60) ? 0 : random.Below(6));
          process.Submit(world_.issuer.Mint(quality, 60 * kDay), what == 1 ? "meant" : "");
          break;
        }
        case 2:
          process.Refresh();
          break;
        case 3:
          process.RollBack();
          break;
        default:
          process.keeper()->asked_inspect = true;
          break;
      }
    });
  }

  void Configure() {
    ChangeConfiguration(world_.scenario.spec, world_.random);
    world_.Disturbed();
    world_.Tell([] { return "the configuration changes"; });
    for (const auto& process : processes_) {
      if (process && process->keeper()) process->TakeConfiguration();
    }
  }

  void Kill() {
    if (!processes_[At(holder())]) return;
    world_.Tell([&] { return "agent " + std::to_string(holder()) + " is killed"; });
    End(holder());
  }

  // ---- the end ----

  void MakePeace() {
    world_.Tell([] { return "peace"; });
    MendSomething();
    world_.planned = {};
    world_.issuer.next_fate = Fate::kAnswered;
    world_.issuer.next_quality = Quality::kGood;
    world_.wall_offset = Seconds{0};
    for (const auto& process : processes_) {
      if (process && process->keeper()) process->keeper()->asked_verify = true;
    }
    const Instant end = world_.true_now + kPeace;
    std::string missing = "the agent did not start";
    due_[At(holder())] = world_.wall();
    for (int pass = 0; pass < kPeacePasses && world_.true_now < end && Unharmed(); ++pass) {
      world_.true_now += std::clamp(due_[At(holder())] - world_.wall(), Seconds{1}, kDay);
      Pass(holder());
      JudgeStep(world_, AllKeepers());
      const AgentProcess* process = processes_[At(holder())].get();
      if (process == nullptr || process->keeper() == nullptr) continue;
      missing = NotYetInPlace(world_, *process->keeper()->state());
      if (missing.empty()) return;
    }
    if (Unharmed()) world_.ledger.Violate("EverythingIsInPlaceInTheEnd", missing);
  }

  World world_;
  std::vector<std::unique_ptr<AgentProcess>> processes_;
  std::vector<Instant> due_;
  int steps_ = 0;
};

}  // namespace

RunResult RunSeed(std::uint64_t seed, std::optional<Bug> planted, bool keep_history) {
  return Run(seed, planted, keep_history).Go();
}

}  // namespace tokenwarden::simulation
