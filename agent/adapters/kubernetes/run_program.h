// RunProgram: a program's standard output, without a shell.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::kubernetes {

struct Program {
  std::string command;  // found in PATH when it has no slash
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // over our own
  std::chrono::milliseconds timeout{60000};
  std::size_t max_output = std::size_t{64} * 1024;
};

// Its standard input and error are /dev/null: a plugin's messages may quote its secrets. Everything
// it started is killed when it has answered or at the timeout. kNotFound `no_such_program`,
// kPermissionDenied `not_permitted`, kUnavailable `program_failed`, kDeadlineExceeded `timeout`.
Result<Secret> RunProgram(const Program& program);

}  // namespace tokenwarden::kubernetes
