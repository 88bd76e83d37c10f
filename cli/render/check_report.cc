#include "cli/render/check_report.h"

#include "cli/render/parts.h"

namespace tokenwarden::cli {

CheckSummary SummaryOf(const CheckReport& report) {
  CheckSummary summary;
  for (const TokenReport& token : report.tokens) {
    ++summary.total;
    switch (token.gate.result) {
      case GateResult::kPass:
        ++summary.passed;
        break;
      case GateResult::kWarn:
        ++summary.warned;
        break;
      case GateResult::kFail:
        ++summary.failed;
        break;
      case GateResult::kIndeterminate:
        ++summary.indeterminate;
        break;
    }
  }
  return summary;
}

std::string MessageOf(const TokenReport& token) {
  const std::string& seen = token.observation.message;
  // The gate repeats the message when it judges the verdict itself.
  if (!seen.empty() && token.gate.why.find(seen) != std::string::npos) return seen;
  return Sentences(seen, token.gate.why);
}

std::string ActionOf(const TokenReport& token) {
  const Observation& seen = token.observation;
  const bool is_fine = token.gate.result == GateResult::kPass || seen.verdict != Verdict::kValid;
  if (!seen.action.empty() || is_fine) return seen.action;
  for (const Finding& finding : seen.findings) {
    const bool gates = finding.severity != Severity::kInfo && !finding.action.empty();
    if (gates && token.gate.why.find(finding.message) != std::string::npos) return finding.action;
  }
  return "renew or replace the token in time; with a running agent: tokenwarden refresh NAME";
}

}  // namespace tokenwarden::cli
