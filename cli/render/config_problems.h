// What is wrong with a configuration file, for people and for editors that jump to
// `file:line:column`. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/spec.h"

namespace tokenwarden::cli {

struct ConfigProblem {
  std::string file;
  int line = 0;  // from 1; 0 = the file as a whole
  int column = 0;
  std::string message;
  std::string suggestion;  // empty = none
};

struct ConfigRead {
  std::optional<Config> config;  // absent when there are problems
  std::vector<ConfigProblem> problems;
};

// `file:line:column: message` and, indented, the suggestion; one problem after the other.
std::string RenderProblemsText(const std::vector<ConfigProblem>& problems);
// `tokenwarden.validate/v1`.
std::string RenderProblemsJson(const std::string& file, const ConfigRead& read, int exit_code);

}  // namespace tokenwarden::cli
