// RunProgram: a program's standard output, without a shell.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::sys {

struct Program {
  std::vector<std::string> command;  // found in PATH when it has no slash; never a secret in it
  std::chrono::milliseconds timeout{30000};
  std::size_t max_output = std::size_t{64} * 1024;
};

// Blocks. Its standard input and error are /dev/null: what it complains about may quote its
// secrets. Whatever it started is killed when it has answered or at the timeout.
// kNotFound `no_such_program`, kPermissionDenied `not_permitted`, kUnavailable `program_failed`,
// kDeadlineExceeded `timeout`.
Result<Secret> RunProgram(const Program& program);

}  // namespace tokenwarden::sys
