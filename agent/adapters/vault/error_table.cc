#include "agent/adapters/vault/error_table.h"

#include <algorithm>

namespace tokenwarden::vault {
namespace {

// The errors of the envelope as one text, lower case; for matching only.
std::string ErrorsOf(const Answer& answer) {
  std::string all;
  const Json& errors = Below(answer.body.json, "errors");
  if (!errors.is_array()) return all;
  for (const Json& error : errors) {
    if (error.is_string()) all += error.get_ref<const std::string&>() + "\n";
  }
  std::transform(all.begin(), all.end(), all.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return all;
}

bool Has(const Answer& answer, int status, std::string_view text) {
  return answer.status == status && ErrorsOf(answer).find(text) != std::string::npos;
}

const ErrorRow& RowFor(const Answer& answer) {
  const std::string errors = ErrorsOf(answer);
  const std::span<const ErrorRow> rows = ErrorRows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const ErrorRow& each) {
    const bool fits = each.status == answer.status || each.status == 0;
    return fits && errors.find(each.text) != std::string::npos;
  });
  return row == rows.end() ? rows.back() : *row;
}

}  // namespace

Error Explain(const Call& call, const Answer& answer) {
  const ErrorRow& row = RowFor(answer);
  std::string message = "Asked Vault to " + call.attempted + " (" + NameOf(call.method) + " " +
                        call.path + "): " + std::string(row.seen) + " (HTTP " +
                        std::to_string(answer.status) + ").";
  if (answer.retry_after) {
    message += " It asks us to wait " + FormatDuration(*answer.retry_after) + ".";
  }
  return {row.kind, std::string(row.reason), std::move(message), std::string(row.action)};
}

bool IsDeadToken(const Answer& answer) { return Has(answer, 403, "invalid token"); }

bool IsConflict(const Answer& answer) {
  return Has(answer, 400, "check-and-set parameter did not match");
}

bool IsPlainAbsence(const Answer& answer) {
  const Json& errors = Below(answer.body.json, "errors");
  return answer.status == 404 && errors.is_array() && errors.empty() &&
         Below(answer.body.json, "warnings").is_null();
}

}  // namespace tokenwarden::vault
