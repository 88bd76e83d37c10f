// Errors as values for the whole product.
//
// A message says what was attempted, on what, and what was seen; `action` says what a person should
// do now. Neither ever holds a secret, a response body, or a URL with a query.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace tokenwarden {

// What went wrong, by what the caller should do about it.
enum class ErrorKind {
  kUnavailable,         // an outside system did not answer: back off and repeat
  kDeadlineExceeded,    // it did not answer in time
  kResourceExhausted,   // we were told to slow down, or space ran out
  kAborted,             // somebody else wrote first: read again and plan again
  kNotFound,            // the target does not exist
  kUnauthenticated,     // our own identity was refused
  kPermissionDenied,    // our own rights are not enough
  kFailedPrecondition,  // cannot succeed until something changes: an operator is needed
  kInvalidArgument,     // the configuration or the request is wrong
  kDataLoss,            // stored bytes are damaged
  kInternal,            // a defect of ours
};

// The spelling used in logs, metrics, JSON and proto.
constexpr std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kDeadlineExceeded:
      return "deadline_exceeded";
    case ErrorKind::kResourceExhausted:
      return "resource_exhausted";
    case ErrorKind::kAborted:
      return "aborted";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kUnauthenticated:
      return "unauthenticated";
    case ErrorKind::kPermissionDenied:
      return "permission_denied";
    case ErrorKind::kFailedPrecondition:
      return "failed_precondition";
    case ErrorKind::kInvalidArgument:
      return "invalid_argument";
    case ErrorKind::kDataLoss:
      return "data_loss";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string reason;   // a fixed word: `no_such_key`, `duplicate_key`, …
  std::string message;  // a sentence: what was attempted, on what, what was seen
  std::string action;   // what to do now; may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> MakeError(ErrorKind kind, std::string reason, std::string message,
                                       std::string action = "") {
  return tl::unexpected<Error>(
      Error{kind, std::move(reason), std::move(message), std::move(action)});
}

}  // namespace tokenwarden
