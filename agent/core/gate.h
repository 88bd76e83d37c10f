// Gate: may a pipeline go on with this token? Thresholds over one observation, and exit codes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/observation.h"
#include "agent/core/time.h"

namespace tokenwarden {

// `7d` or `20%` of the lifetime.
struct Threshold {
  std::optional<Seconds> duration;
  std::optional<double> percent;  // 0..100

  static Result<Threshold> Parse(std::string_view text);
  // How much must be left of this token; a percentage of an unknown lifetime is nullopt.
  std::optional<Seconds> Of(const TokenFacts& facts) const;
};

enum class OnIndeterminate { kExit4, kFail, kWarn, kPass };
enum class GateResult { kPass, kWarn, kFail, kIndeterminate };
std::string_view ToString(GateResult result);
std::optional<GateResult> ParseGateResult(std::string_view word);
// For the option --on-indeterminate: `fail`, `warn`, `pass`; `exit4` is the default's word.
std::string_view ToString(OnIndeterminate choice);
std::optional<OnIndeterminate> ParseOnIndeterminate(std::string_view word);

struct GateOptions {
  Threshold min_remaining{Seconds{0}, std::nullopt};
  std::optional<Threshold> warn;  // default: fourteen days or a third of the lifetime, the shorter
  OnIndeterminate on_indeterminate = OnIndeterminate::kExit4;
  std::vector<std::string> required_scopes;
};

struct GateVerdict {
  GateResult result = GateResult::kPass;
  std::string why;  // a sentence when not a plain pass
};

// Judges the verdict, the earliest deadline, the required scopes and the findings; the worst wins
// (fail, indeterminate, warn, pass). A dead token fails whatever the options say.
GateVerdict JudgeGate(const Observation& observation, const GateOptions& options, Instant now);

// What a process should exit with.
enum class ExitCode {
  kPass = 0,
  kGateFailed = 1,
  kUsage = 2,
  kWarnings = 3,
  kIndeterminate = 4,
  kNotPermitted = 5,
  kInterrupted = 130,
};
// The worst wins in the order 2, 5, 4, 1, 3.
ExitCode WorstOf(ExitCode a, ExitCode b);
// `warnings_fail`: --fail-on warning.
ExitCode ExitCodeFor(GateResult result, bool warnings_fail);

}  // namespace tokenwarden
