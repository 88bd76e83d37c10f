// fault_matrix: makes every system call of a renewal that concerns a file fail in every way that it
// can, one at a time, then runs the agent again on a sound disk, and judges.
//
//   fault_matrix [--jobs N] [--point POINT --fault NAME]
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/faults.h"
#include "tests/crash/renewal_watch.h"
#include "tests/crash/report.h"
#include "tests/crash/scene.h"

namespace {

using namespace tokenwarden::crash;
using tokenwarden::it::Finished;
using tokenwarden::it::Simulator;

struct Options {
  unsigned jobs = 4;
  std::string point;
  std::string fault;
};

struct Case {
  std::string point;
  const Fault* fault;
};

bool IsState(const NamedCall& call) { return call.target.rfind("state/", 0) == 0; }

// Not what lies beside the database for the time when it cannot be trusted.
bool IsDatabase(const NamedCall& call) {
  return call.target == "state/state.db" || call.target == "state/state.db-wal";
}

class Saboteur final : public RenewalWatch {
 public:
  Saboteur(Scene& scene, Case target) : RenewalWatch(scene), target_(std::move(target)) {}

  bool struck() const { return struck_; }
  // Written to again after a flush had failed.
  bool trusted_again() const { return trusted_again_; }

 private:
  Answer AtPoint(const Call& call, const NamedCall& named, const std::string& point) override {
    const bool now = !struck_ && point == target_.point;
    const bool still = struck_ && target_.fault->lasts && IsState(named) == state_struck_ &&
                       Applies(*target_.fault, named);
    if (sync_failed_ && IsDatabase(named) && named.name == "pwrite64") {
      trusted_again_ = true;
    }
    if (!now && !still) return {};
    struck_ = true;
    state_struck_ = IsState(named);
    if (state_struck_ && (named.name == "fdatasync" || named.name == "fsync")) {
      sync_failed_ = target_.fault->error != ENOSPC;
    }
    return Play(*target_.fault, call);
  }

  const Case target_;
  bool struck_ = false;
  bool state_struck_ = false;
  bool sync_failed_ = false;
  bool trusted_again_ = false;
};

// Collects the points of an undisturbed run that a fault applies to.
class Surveyor final : public RenewalWatch {
 public:
  using RenewalWatch::RenewalWatch;
  std::vector<Case> cases;

 private:
  Answer AtPoint(const Call&, const NamedCall& named, const std::string& point) override {
    for (const Fault& fault : AllFaults()) {
      if (Applies(fault, named)) cases.push_back({point, &fault});
    }
    return {};
  }
};

// A line of the log that says what went wrong and what to do.
bool Explains(const std::string& output) {
  std::size_t begin = 0;
  while (begin < output.size()) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    const std::string line = output.substr(begin, end - begin);
    const bool loud =
        line.find(" error ") != std::string::npos || line.find(" warn ") != std::string::npos;
    if (loud && line.find("error=") != std::string::npos) return true;
    if (loud && line.find("sentence=") != std::string::npos) return true;
    if (line.find("what to do:") != std::string::npos) return true;
    begin = end + 1;
  }
  return false;
}

struct Run {
  bool struck = false;
  bool reply_refused = false;  // the reply had come in, and the disk would not take it
  std::vector<Violation> violations;
};

void JudgeOutcome(const Case& what, const Ending& ending, const std::string& output,
                  bool all_in_place, Run& run) {
  const auto blame = [&](const std::string& sentence) {
    run.violations.push_back({Harm::kUnexplained, sentence});
  };
  if (ending.timed_out) blame("the agent hung");
  if (!ending.timed_out && ending.exit_code >= 128) {
    blame("signal " + std::to_string(ending.exit_code - 128) + " ended the agent");
  }
  if (what.fault->is_harmless && !(all_in_place && ending.exit_code == 0)) {
    blame("an interrupted or halved call was not repeated");
  }
  if (!all_in_place && !Explains(output)) blame("it failed, and no line of the log says why");
}

Run Try(Scene& scene, const Case& what) {
  scene.Reset();
  Saboteur saboteur(scene, what);
  const Ending ending = Trace(scene.Victim(), saboteur);
  Run run;
  run.struck = saboteur.struck();
  // A reply that the database would not take lies beside it, unless the whole disk is gone.
  const bool durable = saboteur.reply_durable() || (saboteur.reply_spoiled() && !what.fault->lasts);
  const Evidence before = scene.Gather(durable);
  run.violations = Judge(before, Moment::kInterrupted);
  run.reply_refused = saboteur.reply_spoiled() && !what.fault->is_harmless;
  if (saboteur.trusted_again()) {
    run.violations.push_back({Harm::kLost, "the state was written to after a flush had failed"});
  }
  const bool renewed = before.store.settled && Judge(before, Moment::kRecovered).empty();
  JudgeOutcome(what, ending, scene.Output(), renewed, run);
  Finished again = scene.Recover();
  if (again.exit_code != 0 || !Judge(scene.Gather(durable), Moment::kRecovered).empty()) {
    scene.LetAnHourPass();  // a failed try is not repeated at once, whoever starts the agent
    again = scene.Recover();
  }
  if (again.exit_code != 0) {
    run.violations.push_back({Harm::kUnexplained, "on a sound disk, the agent ended with " +
                                                      std::to_string(again.exit_code) + ": " +
                                                      again.err});
  }
  const Evidence after = scene.Gather(durable);
  for (const Violation& each : Judge(after, Moment::kRecovered)) run.violations.push_back(each);
  return run;
}

std::string Again(const Case& what) {
  return "build/release/tests/fault_matrix --point '" + what.point + "' --fault " +
         std::string(what.fault->name);
}

struct Totals {
  std::atomic<std::size_t> next{0};
  std::atomic<int> struck{0};
  std::atomic<int> missed{0};
  std::atomic<int> refused{0};
};

void Work(Scene& scene, const std::vector<Case>& cases, Totals& totals, Report& report) {
  constexpr int kTries = 3;
  for (std::size_t i = totals.next++; i < cases.size(); i = totals.next++) {
    const std::string where = cases[i].point + " " + std::string(cases[i].fault->name);
    try {
      Run run;
      for (int tries = 0; tries < kTries && !run.struck; ++tries) run = Try(scene, cases[i]);
      ++(run.struck ? totals.struck : totals.missed);
      if (run.struck && run.reply_refused) ++totals.refused;
      if (!run.violations.empty()) report.Add(run.violations, where, Again(cases[i]), scene.Keep());
    } catch (const std::exception& problem) {
      report.Add({{Harm::kUnexplained, problem.what()}}, where, Again(cases[i]), "nowhere");
    }
  }
}

int Sweep(const Options& options) {
  std::vector<std::unique_ptr<Simulator>> issuers;
  std::vector<std::unique_ptr<Scene>> scenes;
  for (unsigned job = 0; job < options.jobs; ++job) {
    issuers.push_back(std::make_unique<Simulator>());
    scenes.push_back(std::make_unique<Scene>(*issuers.back(), Settings().front()));
  }
  scenes.front()->Reset();
  Surveyor surveyor(*scenes.front());
  Trace(scenes.front()->Victim(), surveyor);
  Totals totals;
  Report report;
  std::vector<std::thread> workers;
  for (const auto& scene : scenes) {
    workers.emplace_back([&] { Work(*scene, surveyor.cases, totals, report); });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf(
      "%d faults were not met in three runs; at %d points the reply had come in and the disk would "
      "not take it as usual\n",
      totals.missed.load(), totals.refused.load());
  std::printf("fault_points=%d lost=%d torn=%d unproven=%d unexplained=%d\n", totals.struck.load(),
              report.Count(Harm::kLost) + report.Count(Harm::kExtraExchange),
              report.Count(Harm::kTorn), report.Count(Harm::kUnproven),
              report.Count(Harm::kUnexplained));
  return report.Total() == 0 && totals.struck > 0 ? 0 : 1;
}

int Repeat(const Options& options) {
  for (const Fault& fault : AllFaults()) {
    if (fault.name != options.fault) continue;
    const Simulator issuer;
    Scene scene(issuer, Settings().front());
    const Run run = Try(scene, {options.point, &fault});
    const std::string kept = scene.Keep();
    std::printf("%s\n%s at %s; the room is kept in %s\n", scene.Output().c_str(),
                run.struck ? "struck" : "not reached", options.point.c_str(), kept.c_str());
    for (const Violation& each : run.violations) {
      std::printf("VIOLATION %s: %s\n", ToString(each.harm).c_str(), each.what.c_str());
    }
    return run.violations.empty() && run.struck ? 0 : 1;
  }
  std::fprintf(stderr, "fault_matrix: there is no fault %s\n", options.fault.c_str());
  return 2;
}

bool ReadOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--jobs") {
      options.jobs = static_cast<unsigned>(std::max(1, std::atoi(argv[i + 1])));
    } else if (name == "--point") {
      options.point = argv[i + 1];
    } else if (name == "--fault") {
      options.fault = argv[i + 1];
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, options)) {
    std::fputs("usage: fault_matrix [--jobs N] [--point POINT --fault NAME]\n", stderr);
    return 2;
  }
  try {
    return options.point.empty() ? Sweep(options) : Repeat(options);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "fault_matrix: %s\n", problem.what());
    return 1;
  }
}
