// Run: one seed from the first pass to the last: faults, crashes, people and time, then peace, then
// everything must be in place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/bugs.h"
#include "tests/simulation/ledger.h"

namespace tokenwarden::simulation {

struct RunResult {
  int steps = 0;
  int crashes = 0;
  std::vector<Violation> violations;
  std::vector<std::string> history;  // empty unless kept
};

RunResult RunSeed(std::uint64_t seed, std::optional<Bug> planted, bool keep_history);

}  // namespace tokenwarden::simulation
