// What `check` found, ready to be shown. Plain data without any secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/fingerprint.h"
#include "agent/core/gate.h"
#include "agent/core/observation.h"
#include "agent/core/result.h"

namespace tokenwarden::cli {

struct TokenReport {
  std::string
      name;  // as the user knows it: `WHATSAPP_ACCESS_TOKEN`, `FILE:KEY`, a credential's name
  std::string provider;  // `meta`; empty for what is no token of an issuer
  std::string tenant;    // empty = none
  std::string kind;      // as the issuer says, or what it is known to be; empty = not known
  Observation observation;
  GateVerdict gate;
  Fingerprint fingerprint;    // empty when there was no value
  bool scopes_asked = false;  // somebody required scopes
};

struct CheckReport {
  Instant generated_at{};
  ExitCode exit_code = ExitCode::kPass;
  std::vector<TokenReport> tokens;
  std::optional<Error> error;  // nothing, or nothing more, could be checked
};

struct CheckSummary {
  std::size_t total = 0;
  std::size_t passed = 0;
  std::size_t warned = 0;
  std::size_t failed = 0;
  std::size_t indeterminate = 0;
};
CheckSummary SummaryOf(const CheckReport& report);

// What was seen and why it gates, each said once.
std::string MessageOf(const TokenReport& token);
// What to do now; empty when nothing. A living token that does not pass needs something too.
std::string ActionOf(const TokenReport& token);

// Whether terminal colours may be used.
enum class Colour { kNever, kAlways };

// The contract `tokenwarden.check/v1` (docs/check.schema.json).
std::string RenderCheckJson(const CheckReport& report);
// One line per token, then what to do; the summary is the last line. Errors are not in it: they
// belong on standard error.
std::string RenderCheckText(const CheckReport& report, Colour colour);

}  // namespace tokenwarden::cli
