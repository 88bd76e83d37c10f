#include "cli/render/check_report.h"

namespace tokenwarden::cli {

CheckSummary SummaryOf(const CheckReport& report) {
  CheckSummary summary;
  for (const TokenReport& token : report.tokens) {
    ++summary.total;
    switch (token.gate.result) {
      case GateResult::kPass: ++summary.passed; break;
      case GateResult::kWarn: ++summary.warned; break;
      case GateResult::kFail: ++summary.failed; break;
      case GateResult::kIndeterminate: ++summary.indeterminate; break;
    }
  }
  return summary;
}

}  // namespace tokenwarden::cli
