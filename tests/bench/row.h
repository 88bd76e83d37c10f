// One row of the table of `make bench`, as the benches hand it to run.sh: seven fields with tabs
// between them, empty where they do not apply.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace tokenwarden::bench {

// A count from the command line. Throws: no runs would look like a figure within its limit.
inline int Count(const char* text) {
  int count = 0;
  const char* end = text + std::strlen(text);
  const auto [stopped, problem] = std::from_chars(text, end, count);
  if (problem != std::errc() || stopped != end || count <= 0) {
    throw std::runtime_error(std::string(text) + " is no count of runs");
  }
  return count;
}

inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Interleaved runs: the n-th of ours was measured right before the n-th of the peer's.
struct Series {
  std::vector<double> ours;
  std::vector<double> peer;
};

// Pair by pair, so that a load on the machine that comes and goes hits both sides of a ratio.
inline double MedianRatio(const Series& series) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < series.ours.size(); ++i) {
    ratios.push_back(series.ours[i] / series.peer[i]);
  }
  return Median(ratios);
}

// `limit` bounds the ratio; empty = for information. `peer` names what was compared with.
inline void PrintRow(const std::string& name, const std::string& unit, const std::string& peer,
                     const std::string& limit, const Series& series) {
  std::printf("%s\t%.3f\t%s\t%s: %.3f %s\t%.3f\t%s\t%zu\n", name.c_str(), Median(series.ours),
              unit.c_str(), peer.c_str(), Median(series.peer), unit.c_str(), MedianRatio(series),
              limit.c_str(), series.ours.size());
}

}  // namespace tokenwarden::bench
