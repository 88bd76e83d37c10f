// Runner: asks about several targets at once, within one time limit, and stops at once when told
// to.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "agent/core/observation.h"
#include "cli/check/target.h"

namespace tokenwarden::cli {

struct RunLimits {
  Instant now{};
  std::chrono::milliseconds timeout{30000};  // for everything together
  int parallel = 8;
  int interrupt_fd = -1;  // becomes readable when the user wants out; -1 = never
  // What the timeout is measured by. Thread-safe.
  std::function<std::chrono::steady_clock::time_point()> steady_now =
      std::chrono::steady_clock::now;
};

// Blocking and thread-safe; asks about one target, giving every request at most `patience`.
using Ask = std::function<Observation(const Target& target, std::chrono::milliseconds patience)>;

struct RunResult {
  std::vector<Observation> observations;  // one per target, in their order
  bool interrupted = false;
};

// Values that need nobody (JudgeLocally) start no thread and call nothing. `stop` must make every
// running `ask` return soon; it is called once, when the time is over or the user interrupts.
RunResult RunChecks(const std::vector<Target>& targets, const RunLimits& limits, const Ask& ask,
                    const std::function<void()>& stop);

}  // namespace tokenwarden::cli
