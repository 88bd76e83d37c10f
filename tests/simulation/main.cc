// tokenwarden-simulate: runs seeds and says what broke.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/simulation/bugs.h"
#include "tests/simulation/run.h"

namespace {

using tokenwarden::simulation::Bug;
using tokenwarden::simulation::FindBug;
using tokenwarden::simulation::KnownBug;
using tokenwarden::simulation::KnownBugs;
using tokenwarden::simulation::RunResult;
using tokenwarden::simulation::RunSeed;
using tokenwarden::simulation::Violation;

constexpr int kUsage = 2;
constexpr int kShown = 3;                // histories printed in one run
constexpr std::uint64_t kRetold = 1000;  // one seed in so many is run twice

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 100000;
  unsigned jobs = 1;
  bool verbose = false;
  bool keep_going = false;
  bool list_bugs = false;
  std::optional<KnownBug> bug;
};

struct Totals {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> seeds{0};
  std::atomic<std::uint64_t> steps{0};
  std::atomic<std::uint64_t> crashes{0};
  std::atomic<std::uint64_t> violations{0};
  std::mutex printing;
  int shown = 0;
};

int Explain(const char* program) {
  std::fprintf(stderr,
               "usage: %s [--seeds N] [--first-seed S] [--jobs J] [--verbose] [--keep-going]\n"
               "          [--bug NAME] [--list-bugs]\n"
               "Runs N seeds from S on. With --bug a known defect is planted, and finding it is "
               "the violation.\n",
               program);
  return kUsage;
}

bool ReadNumber(const char* text, std::uint64_t& number) {
  char* end = nullptr;
  number = std::strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == '\0';
}

bool ReadOption(const std::string& name, const char* value, Options& options) {
  std::uint64_t number = 0;
  if (name == "--bug") {
    for (const KnownBug& each : KnownBugs()) {
      if (each.name == value) options.bug = each;
    }
    return options.bug.has_value();
  }
  if (!ReadNumber(value, number)) return false;
  if (name == "--seeds") options.seeds = number;
  if (name == "--first-seed") options.first = number;
  if (name == "--jobs") options.jobs = static_cast<unsigned>(number < 1 ? 1 : number);
  return name == "--seeds" || name == "--first-seed" || name == "--jobs";
}

bool ReadOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--verbose") {
      options.verbose = true;
    } else if (name == "--keep-going") {
      options.keep_going = true;
    } else if (name == "--list-bugs") {
      options.list_bugs = true;
    } else if (i + 1 >= argc || !ReadOption(name, argv[++i], options)) {
      return false;
    }
  }
  return true;
}

void Show(const Options& options, std::uint64_t seed) {
  const std::optional<Bug> bug = options.bug ? std::optional(options.bug->bug) : std::nullopt;
  const RunResult told = RunSeed(seed, bug, true);
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  for (const std::string& line : told.history) std::printf("  %s\n", line.c_str());
  for (const Violation& each : told.violations) {
    std::printf("  VIOLATION %s: %s\n", each.invariant.c_str(), each.what.c_str());
  }
  const std::string with = options.bug ? " --bug " + std::string(options.bug->name) : "";
  std::printf("  again: tokenwarden-simulate --first-seed %llu --seeds 1 --verbose%s\n",
              static_cast<unsigned long long>(seed), with.c_str());
}

// The same seed tells the same story, or no failure could be looked into.
bool TellsTheSame(std::uint64_t seed, std::optional<Bug> bug) {
  return RunSeed(seed, bug, true).history == RunSeed(seed, bug, true).history;
}

void Work(const Options& options, Totals& totals) {
  const std::optional<Bug> bug = options.bug ? std::optional(options.bug->bug) : std::nullopt;
  while (options.keep_going || totals.violations == 0) {
    const std::uint64_t index = totals.next++;
    if (index >= options.seeds) return;
    const std::uint64_t seed = options.first + index;
    RunResult result = RunSeed(seed, bug, false);
    if (index % kRetold == 0 && !TellsTheSame(seed, bug)) {
      result.violations.push_back({"TheSameSeedTellsTheSame", "two runs of it differ"});
    }
    ++totals.seeds;
    totals.steps += static_cast<std::uint64_t>(result.steps);
    totals.crashes += static_cast<std::uint64_t>(result.crashes);
    totals.violations += result.violations.size();
    if (result.violations.empty() && !options.verbose) continue;
    const std::lock_guard<std::mutex> lock(totals.printing);
    if (options.verbose || totals.shown++ < kShown) Show(options, seed);
    if (options.keep_going && !result.violations.empty()) {
      std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(seed),
                  result.violations.front().invariant.c_str(),
                  result.violations.front().what.c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, options)) return Explain(argv[0]);
  if (options.list_bugs) {
    for (const KnownBug& each : KnownBugs()) {
      std::printf("%-28.*s %.*s\n", static_cast<int>(each.name.size()), each.name.data(),
                  static_cast<int>(each.what.size()), each.what.data());
    }
    return 0;
  }
  Totals totals;
  std::vector<std::thread> workers;
  for (unsigned job = 0; job < options.jobs; ++job) {
    workers.emplace_back([&] { Work(options, totals); });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("seeds=%llu steps=%llu crashes=%llu violations=%llu\n",
              static_cast<unsigned long long>(totals.seeds),
              static_cast<unsigned long long>(totals.steps),
              static_cast<unsigned long long>(totals.crashes),
              static_cast<unsigned long long>(totals.violations));
  return totals.violations == 0 ? 0 : 1;
}
