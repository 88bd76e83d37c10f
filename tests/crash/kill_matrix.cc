// kill_matrix: ends the agent at every system call of a renewal, starts it again, and judges.
//
//   kill_matrix [--jobs N] [--setting NAME] [--point POINT]
//
// Without --point: every point of every setting. With it: that one, several times over, with the
// agent's own words.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/points.h"
#include "tests/crash/renewal_watch.h"
#include "tests/crash/report.h"
#include "tests/crash/scene.h"

namespace {

using namespace tokenwarden::crash;
using tokenwarden::it::Finished;
using tokenwarden::it::Simulator;

struct Options {
  unsigned jobs = 4;
  std::string setting;
  std::string point;
};

class Killer final : public RenewalWatch {
 public:
  Killer(Scene& scene, std::string target) : RenewalWatch(scene), target_(std::move(target)) {}

 private:
  Answer AtPoint(const Call&, const NamedCall&, const std::string& point) override {
    Answer answer;
    if (point == target_) answer.kind = Answer::Kind::kKill;
    return answer;
  }
  const std::string target_;
};

// One run: to the point, or to its end; then once more, undisturbed.
struct Run {
  bool reached = false;
  bool reply_lost = false;  // the issuer had acted, and the disk had not taken its reply
  std::vector<std::string> passed;
  std::vector<Violation> violations;
};

void Take(std::vector<Violation>& all, std::vector<Violation> more) {
  all.insert(all.end(), more.begin(), more.end());
}

Run Try(Scene& scene, const std::string& point) {
  scene.Reset();
  Killer killer(scene, point);
  Consumer consumer(scene.room() + "/.env");
  const Ending ending = Trace(scene.Victim(), killer);
  Run run;
  run.reached = ending.killed;
  run.passed = killer.points();
  if (!ending.killed && ending.exit_code != 0) {
    run.violations.push_back({Harm::kLost, "the agent ended with " +
                                               std::to_string(ending.exit_code) +
                                               " although nobody disturbed it"});
  }
  const bool durable = killer.reply_durable();
  const Evidence before = scene.Gather(durable);
  run.reply_lost = ending.killed && !before.issued.empty() && !durable;
  Take(run.violations, Judge(before, Moment::kInterrupted));
  for (const bool later : {false, true}) {
    if (later && !run.reply_lost) break;  // then it is time to ask again
    if (later) scene.LetAnHourPass();
    const Finished again = scene.Recover();
    if (again.exit_code != 0) {
      run.violations.push_back(
          {Harm::kLost, "started again, the agent ended with " + std::to_string(again.exit_code)});
    }
  }
  Evidence after = scene.Gather(durable);
  if (run.reply_lost && after.store.current != after.issued.back().value) {
    run.violations.push_back({Harm::kLost, "after a lost reply no new value came in an hour"});
  }
  Take(run.violations, Judge(after, Moment::kRecovered));
  // What the consumer read in its loop came in no order: each must be whole and proven.
  SinkSeen read = after.sinks.front();
  read.name += " (as a consumer read it)";
  for (const std::string& content : consumer.Seen()) {
    read.contents = {content};
    after.sinks = {read};
    Take(run.violations, JudgePlaces(after));
  }
  return run;
}

std::string Again(const Setting& setting, const std::string& point) {
  return "build/release/tests/kill_matrix --setting " + setting.name + " --point '" + point + "'";
}

void Work(Scene& scene, Points& points, std::atomic<int>& lost_replies, Report& report) {
  while (const std::optional<std::string> point = points.Next()) {
    try {
      const Run run = Try(scene, *point);
      if (!run.violations.empty()) {
        report.Add(run.violations, scene.setting().name + ": " + *point,
                   Again(scene.setting(), *point), scene.Keep());
      }
      if (run.reply_lost) ++lost_replies;
      points.Done(*point, run.reached, run.passed);
    } catch (const std::exception& problem) {
      report.Add({{Harm::kLost, problem.what()}}, scene.setting().name + ": " + *point,
                 Again(scene.setting(), *point), "nowhere");
      points.GiveUp();
    }
  }
}

// What other threads happened to do in one run: waiting, waking, memory.
void TellSeldom(const std::vector<std::string>& seldom) {
  std::map<std::string, int> by_call;
  for (const std::string& point : seldom) ++by_call[point.substr(0, point.rfind('#'))];
  if (by_call.empty()) return;
  std::printf("  passed in a run and not met again:");
  for (const auto& [call, count] : by_call) std::printf(" %s x%d", call.c_str(), count);
  std::printf("\n");
}

int Sweep(const Setting& setting, const std::vector<std::unique_ptr<Simulator>>& issuers,
          Report& report) {
  Points points;
  std::vector<std::unique_ptr<Scene>> scenes;
  for (const auto& issuer : issuers) scenes.push_back(std::make_unique<Scene>(*issuer, setting));
  const Run whole = Try(*scenes.front(), "");
  if (!whole.violations.empty()) {
    report.Add(whole.violations, setting.name + ": a run without a kill", Again(setting, ""),
               scenes.front()->Keep());
  }
  points.Done("", false, whole.passed);
  std::vector<std::thread> workers;
  std::atomic<int> lost_replies{0};
  for (const auto& scene : scenes) {
    workers.emplace_back([&] { Work(*scene, points, lost_replies, report); });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf(
      "%s: killed at %d points (one run passes %zu); at %d of them the issuer had acted and "
      "its reply was not on the disk yet\n",
      setting.name.c_str(), points.reached(), whole.passed.size(), lost_replies.load());
  TellSeldom(points.seldom());
  std::fflush(stdout);
  return points.reached();
}

// One point, for a person to look at.
int Repeat(const Setting& setting, const std::string& point) {
  const Simulator issuer;
  Scene scene(issuer, setting);
  const Run run = Try(scene, point);
  const std::string kept = scene.Keep();
  std::printf("%s\n%s at %s; the room is kept in %s\n", scene.Output().c_str(),
              run.reached ? "killed" : "not reached", point.c_str(), kept.c_str());
  for (const Violation& each : run.violations) {
    std::printf("VIOLATION %s: %s\n", ToString(each.harm).c_str(), each.what.c_str());
  }
  return run.violations.empty() && run.reached ? 0 : 1;
}

bool ReadOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--jobs") {
      options.jobs = static_cast<unsigned>(std::max(1, std::atoi(argv[i + 1])));
    } else if (name == "--setting") {
      options.setting = argv[i + 1];
    } else if (name == "--point") {
      options.point = argv[i + 1];
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

int Main(const Options& options) {
  Report report;
  int points = 0;
  if (!options.point.empty()) {
    for (const Setting& setting : Settings()) {
      if (setting.name == options.setting) return Repeat(setting, options.point);
    }
    throw std::runtime_error("--point wants a --setting: once or service");
  }
  std::vector<std::unique_ptr<Simulator>> issuers;
  for (unsigned job = 0; job < options.jobs; ++job)
    issuers.push_back(std::make_unique<Simulator>());
  for (const Setting& setting : Settings()) {
    if (options.setting.empty() || options.setting == setting.name) {
      points += Sweep(setting, issuers, report);
    }
  }
  std::printf("kill_points=%d lost=%d torn=%d unproven=%d extra_exchanges=%d\n", points,
              report.Count(Harm::kLost), report.Count(Harm::kTorn), report.Count(Harm::kUnproven),
              report.Count(Harm::kExtraExchange));
  return report.Total() == 0 && points > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, options)) {
    std::fputs("usage: kill_matrix [--jobs N] [--setting once|service] [--point POINT]\n", stderr);
    return 2;
  }
  try {
    return Main(options);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "kill_matrix: %s\n", problem.what());
    return 1;
  }
}
