#include "cli/render/check_report.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

struct GateStyle {
  std::string_view label;   // one width, so that names line up
  std::string_view colour;  // never the only carrier of the meaning
};

GateStyle StyleOf(GateResult result) {
  switch (result) {
    case GateResult::kPass:
      return {"PASS", "\x1b[32m"};
    case GateResult::kWarn:
      return {"WARN", "\x1b[33m"};
    case GateResult::kFail:
      return {"FAIL", "\x1b[31m"};
    case GateResult::kIndeterminate:
      return {"????", "\x1b[35m"};
  }
  return {"????", ""};
}

std::string Label(GateResult result, Colour colour) {
  const GateStyle style = StyleOf(result);
  if (colour == Colour::kNever) return std::string(style.label);
  return std::string(style.colour) + std::string(style.label) + "\x1b[0m";
}

// Says nothing where the issuer said nothing.
std::string LifetimePhrase(const TokenFacts& facts, Instant now) {
  if (facts.lifetime == Lifetime::kNever) return "never expires";
  if (!facts.expires_at) return "";
  return (*facts.expires_at > now ? "expires " : "expired ") + Relative(*facts.expires_at, now);
}

// Another clock that ends first: a token can live and yet stop being useful.
std::string DeadlinePhrase(const TokenFacts& facts, Instant now) {
  const Deadline deadline = EarliestDeadline(facts);
  if (!deadline.at || deadline.reason == DeadlineReason::kAccessExpiry) return "";
  return std::string(ToString(deadline.reason)) + " " + Relative(*deadline.at, now);
}

void AppendPart(std::string& list, std::string_view part) {
  if (part.empty()) return;
  if (!list.empty()) list += ", ";
  list += part;
}

std::string Facts(const TokenReport& token, Instant now) {
  std::string list;
  if (!token.kind.empty()) AppendPart(list, token.kind);
  AppendPart(list, LifetimePhrase(token.observation.facts, now));
  AppendPart(list, DeadlinePhrase(token.observation.facts, now));
  if (!token.fingerprint.empty()) AppendPart(list, token.fingerprint.text);
  return list.empty() ? "" : " [" + OneLine(list) + "]";
}

std::string Indented(std::string_view lead, std::string_view text) {
  return "      " + std::string(lead) + OneLine(text) + "\n";
}

std::string FindingLine(const Finding& finding) {
  const std::string lead = std::string(ToString(finding.severity)) + " " + finding.id + ": ";
  return Indented(lead, Sentences(finding.message, finding.action));
}

// `valid: `, or the verdict with its reason: `revoked/password_changed: `. Nothing for a value that
// has no issuer and therefore no verdict.
std::string VerdictWord(const TokenReport& token) {
  const Observation& seen = token.observation;
  if (token.provider.empty() && !IsConclusive(seen.verdict)) return "";
  std::string word(ToString(seen.verdict));
  if (seen.reason != Reason::kConfirmed) word += "/" + std::string(ToString(seen.reason));
  return word + ": ";
}

std::string TokenLines(const TokenReport& token, Instant now, Colour colour) {
  const Observation& seen = token.observation;
  std::string text = Label(token.gate.result, colour) + "  " + OneLine(token.name);
  if (!token.tenant.empty()) text += " (tenant " + OneLine(token.tenant) + ")";
  text += "  " + VerdictWord(token);
  text += OneLine(MessageOf(token)) + Facts(token, now) + "\n";
  const std::string action = ActionOf(token);
  if (!action.empty()) text += Indented("do now: ", action);
  for (const Finding& finding : seen.findings) text += FindingLine(finding);
  for (const std::string& sentence : seen.unproven) text += Indented("not proven: ", sentence);
  return text;
}

void AppendCount(std::string& list, std::size_t count, std::string_view word) {
  if (count > 0) AppendPart(list, std::to_string(count) + " " + std::string(word));
}

std::string SummaryLine(const CheckReport& report) {
  const CheckSummary summary = SummaryOf(report);
  std::string counts;
  AppendCount(counts, summary.failed, "failed");
  AppendCount(counts, summary.indeterminate, "could not be determined");
  AppendCount(counts, summary.warned, "with warnings");
  AppendCount(counts, summary.passed, "passed");
  return Counted(summary.total, "token") + ": " + counts + " (exit " +
         std::to_string(static_cast<int>(report.exit_code)) + ")\n";
}

}  // namespace

std::string RenderCheckText(const CheckReport& report, Colour colour) {
  if (report.tokens.empty()) return "";
  std::string text;
  for (const TokenReport& token : report.tokens) {
    text += TokenLines(token, report.generated_at, colour);
  }
  return text + SummaryLine(report);
}

}  // namespace tokenwarden::cli
