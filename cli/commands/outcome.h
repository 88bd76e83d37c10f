// Outcome: everything a command has to say, so that one place prints it.
#pragma once

#include <string>

#include "agent/core/gate.h"
#include "agent/core/result.h"
#include "cli/args/parser.h"
#include "cli/commands/services.h"
#include "cli/render/check_report.h"

namespace tokenwarden::cli {

struct Outcome {
  ExitCode exit_code = ExitCode::kPass;
  std::string out;  // standard output: the answer
  std::string err;  // standard error: errors and notes
};

struct Context {
  const ParsedArgs& args;
  Services& services;
  bool json = false;
  bool quiet = false;
  Colour colour = Colour::kNever;
};

// What an error means to a pipeline.
ExitCode ExitCodeOf(const Error& error);

// An error of a command other than `check`: a sentence, or `tokenwarden.error/v1`.
Outcome Failed(const Error& error, bool json);

// The answer of a command that worked; text is left out when quiet.
Outcome Answer(const Context& context, std::string text, std::string json);

}  // namespace tokenwarden::cli
