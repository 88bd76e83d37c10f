#include <string>

#include "agent/adapters/metrics/catalog.h"

namespace tokenwarden::metrics {
namespace {

constexpr std::string_view kIntroduction =
    "# Metrics\n"
    "\n"
    "What the agent serves at `/metrics`, in Prometheus text format 0.0.4. Generated from the "
    "table in\n"
    "`agent/adapters/metrics/catalog.cc` by `tokenwarden-metrics-doc`; do not edit by hand.\n"
    "\n"
    "- Names, types and labels are a contract. New metrics and labels may be added.\n"
    "- `*_timestamp_seconds` are Unix times, so alerts do the arithmetic: `X - time() < 86400`. A "
    "time that does not\n"
    "  exist (a token that never expires, a check that never happened) is an absent series, never "
    "0.\n"
    "- **T** stands for the labels `credential`, `provider` and, where the credential has one, "
    "`tenant`.\n"
    "- `state` is one of `valid`, `expired`, `revoked`, `malformed`, `wrong_identity`, "
    "`under_scoped`, `restricted`,\n"
    "  `indeterminate`, `pending`. An inspection that cannot tell never changes the state: it "
    "shows in\n"
    "  `tokenwarden_token_indeterminate`.\n"
    "- `target` is what a person would type: `.env#WHATSAPP_ACCESS_TOKEN`.\n"
    "- Label values from outside are bounded: after the first hundred different words the rest is "
    "`_other`.\n"
    "- What belongs to a credential comes from the agent's state and is right on the first scrape "
    "after a restart;\n"
    "  counters start at 0 with the process.\n"
    "\n"
    "| name | type | unit | labels | meaning |\n"
    "|---|---|---|---|---|\n";

std::string LabelsOf(const MetricRow& row) {
  std::string out;
  std::string_view rest = row.labels;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string label(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!out.empty()) out += ", ";
    out += label == "T" ? "**T**" : "`" + label + "`";
  }
  return out;
}

}  // namespace

std::string RenderDocumentation() {
  std::string out(kIntroduction);
  for (const MetricRow& row : Catalog()) {
    out.append("| `").append(row.name).append("` | ").append(ToString(row.type)).append(" | ");
    out.append(row.unit).append(" | ").append(LabelsOf(row)).append(" | ").append(row.help);
    out += " |\n";
  }
  return out;
}

}  // namespace tokenwarden::metrics
