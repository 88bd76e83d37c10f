// History: what happened in one run, one line per event. Lines are only made when somebody will
// read them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/core/time.h"

namespace tokenwarden::simulation {

class History {
 public:
  explicit History(bool kept) : kept_(kept) {}

  template <typename MakeLine>
  void Add(Instant at, MakeLine make_line) {
    if (kept_) lines_.push_back(FormatUtc(at) + "  " + make_line());
  }
  bool kept() const { return kept_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  bool kept_;
  std::vector<std::string> lines_;
};

}  // namespace tokenwarden::simulation
