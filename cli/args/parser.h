// Parser: command line and environment to options. Pure; never repeats the value of an argument in
// an error, because it may be a secret in the wrong place.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.h"
#include "cli/args/option_table.h"

namespace tokenwarden::cli {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

class ParsedArgs {
 public:
  const CommandSpec* command = nullptr;  // nullptr: none was named
  std::vector<std::string> operands;

  bool Has(std::string_view option) const { return options_.count(option) != 0; }
  // The last value wins: `--warn 3d --warn 5d` is 5d, as shell wrappers expect.
  std::optional<std::string> Value(std::string_view option) const;
  std::vector<std::string> Values(std::string_view option) const;
  // How messages call it: the flag, or the variable that the value came from.
  std::string_view OriginOf(std::string_view option) const;

  void Set(const OptionSpec& option, std::string value, std::string_view origin);

 private:
  struct Given {
    std::vector<std::string> values;
    std::string_view origin;
  };
  std::map<std::string_view, Given> options_;  // keys live in the table
};

// `args` without the program's name. Flags win over variables; an empty variable counts as absent.
// Errors are kInvalidArgument: `secret_in_arguments`, `unknown_command`, `unknown_option`,
// `missing_value`, `unexpected_value`, `bad_value`, `missing_operand`, `extra_operand`.
Result<ParsedArgs> ParseArgs(const std::vector<std::string>& args, const Environment& environment);

// Whether JSON was asked for and for which command, also when the rest cannot be parsed.
bool WantsJson(const std::vector<std::string>& args, const Environment& environment);
const CommandSpec* GuessCommand(const std::vector<std::string>& args);

}  // namespace tokenwarden::cli
