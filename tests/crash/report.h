// Report: counts of points and harms, and a readable word about each violation. Thread-safe.
#pragma once

#include <array>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "tests/crash/invariants.h"

namespace tokenwarden::crash {

class Report {
 public:
  // `where`: setting and point; `again`: the command that repeats it; `kept`: the room.
  void Add(const std::vector<Violation>& violations, const std::string& where,
           const std::string& again, const std::string& kept) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Violation& each : violations) {
      ++counts_[static_cast<std::size_t>(each.harm)];
      std::printf("VIOLATION %s: %s\n  at %s\n  kept in %s\n  again: %s\n",
                  ToString(each.harm).c_str(), each.what.c_str(), where.c_str(), kept.c_str(),
                  again.c_str());
    }
    std::fflush(stdout);
  }
  int Count(Harm harm) const { return counts_[static_cast<std::size_t>(harm)]; }
  int Total() const {
    int total = 0;
    for (const int count : counts_) total += count;
    return total;
  }

 private:
  std::mutex mutex_;
  std::array<int, kHarms> counts_{};
};

}  // namespace tokenwarden::crash
