// The configuration file, strictly: every problem with its place, what is wrong, and what was
// probably meant.
//
// A configuration that has any problem is no configuration. Messages never hold a value that could
// be a secret. Pure but for reading the one file; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/spec.h"

namespace tokenwarden::yaml {

struct ConfigProblem {
  std::string file;
  int line = 0;  // from 1; 0 = the file as a whole
  int column = 0;
  std::string message;
  std::string suggestion;  // what to write instead; may be empty

  // `FILE:LINE:COLUMN: message (suggestion)`.
  std::string ToText() const;
  bool operator==(const ConfigProblem&) const = default;
};

struct LoadedConfig {
  std::optional<Config> config;         // absent when there are problems
  std::vector<ConfigProblem> problems;  // in the order of the file
};

// At most 4 MiB are read. An unreadable file is one problem without a line.
LoadedConfig LoadConfig(const std::string& path);
// `file` names the text in problems and, by its directory, the base of relative paths in
// comparisons.
LoadedConfig ParseConfig(std::string_view text, const std::string& file);

}  // namespace tokenwarden::yaml
