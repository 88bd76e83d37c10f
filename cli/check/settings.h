// The settings of one `check`, from flags and environment. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/gate.h"
#include "agent/core/result.h"
#include "agent/core/select.h"
#include "cli/args/parser.h"
#include "cli/check/discovery.h"

namespace tokenwarden::cli {

struct CheckSettings {
  std::vector<std::string> env_files;
  bool token_stdin = false;
  std::string config;                 // empty = none
  std::vector<TokenSelector> select;  // any of them; empty = everything
  GateOptions gate;
  bool warnings_fail = false;
  bool exit_zero = false;
  Seconds timeout{30};
  std::optional<Instant> now;
  Identifiers given;  // ids from flags
};

// kInvalidArgument `bad_value` naming the flag or variable, `no_source` when nothing says what to
// check.
Result<CheckSettings> ReadCheckSettings(const ParsedArgs& args);

// `--timeout` of any command, in (0, 1 hour].
Result<Seconds> ReadTimeout(const ParsedArgs& args, Seconds fallback);
Result<std::vector<TokenSelector>> ReadSelectors(const ParsedArgs& args);
bool IsSelected(const std::vector<TokenSelector>& select, const CredentialSpec& spec);

}  // namespace tokenwarden::cli
