#include "cli/commands/outcome.h"

#include <utility>

#include "cli/render/parts.h"

namespace tokenwarden::cli {

ExitCode ExitCodeOf(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound:
    case ErrorKind::kInvalidArgument:
      return ExitCode::kUsage;
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kPermissionDenied:
      return ExitCode::kNotPermitted;
    case ErrorKind::kFailedPrecondition:
      return ExitCode::kGateFailed;
    case ErrorKind::kUnavailable:
    case ErrorKind::kDeadlineExceeded:
    case ErrorKind::kResourceExhausted:
    case ErrorKind::kAborted:
    case ErrorKind::kDataLoss:
    case ErrorKind::kInternal:
      break;
  }
  return ExitCode::kIndeterminate;
}

Outcome Failed(const Error& error, bool json) {
  Outcome outcome;
  outcome.exit_code = ExitCodeOf(error);
  outcome.err = RenderErrorText(error);
  if (json) outcome.out = RenderErrorJson(error, static_cast<int>(outcome.exit_code));
  return outcome;
}

Outcome Answer(const Context& context, std::string text, std::string json) {
  Outcome outcome;
  if (context.json) {
    outcome.out = std::move(json);
  } else if (!context.quiet) {
    outcome.out = std::move(text);
  }
  return outcome;
}

}  // namespace tokenwarden::cli
