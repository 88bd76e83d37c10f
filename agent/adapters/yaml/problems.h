// Collects problems: all of them, not only the first.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/yaml/config_loader.h"

namespace tokenwarden::yaml {

struct Place {
  int line = 0;  // from 1
  int column = 0;
};

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void Add(Place place, std::string message, std::string suggestion = "") {
    // A file of the wrong kind could have one problem per line.
    if (list_.size() >= kMost) return;
    list_.push_back({file_, place.line, place.column, std::move(message), std::move(suggestion)});
  }
  std::size_t count() const { return list_.size(); }
  const std::string& file() const { return file_; }
  std::vector<ConfigProblem> TakeSorted();

 private:
  static constexpr std::size_t kMost = 100;

  std::string file_;
  std::vector<ConfigProblem> list_;
};

}  // namespace tokenwarden::yaml
