// The command line of tokenwarden-agent.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tokenwarden {

struct CommandLine {
  std::string config_path;
  bool once = false;
  std::string log_format;  // empty = as configured
  bool verbose = false;
  std::vector<std::string> key_command;  // empty = as configured

  // Set when there is nothing to run: a text to print, and the exit code.
  std::optional<std::string> answer;
  int exit_code = 0;
};

CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace tokenwarden
