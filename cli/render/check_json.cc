#include "cli/render/check_report.h"
#include "cli/render/json_writer.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

std::optional<std::int64_t> Remaining(const TokenFacts& facts, Instant now) {
  if (!facts.expires_at) return std::nullopt;
  return (*facts.expires_at - now).count();
}

void WriteSummary(JsonWriter& json, const CheckReport& report) {
  const CheckSummary summary = SummaryOf(report);
  const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  json.BeginObject("summary")
      .Number("total", count(summary.total))
      .Number("passed", count(summary.passed))
      .Number("warned", count(summary.warned))
      .Number("failed", count(summary.failed))
      .Number("indeterminate", count(summary.indeterminate))
      .EndObject();
}

void WriteFinding(JsonWriter& json, const Finding& finding) {
  json.BeginObject()
      .String("id", finding.id)
      .String("severity", ToString(finding.severity))
      .String("message", finding.message)
      .StringOrNull("action", finding.action)
      .EndObject();
}

// What could not be proven is a finding too: a machine must be able to see it.
void WriteFindings(JsonWriter& json, const Observation& observation) {
  json.BeginArray("findings");
  for (const Finding& finding : observation.findings) WriteFinding(json, finding);
  for (const std::string& sentence : observation.unproven) {
    WriteFinding(json, Finding{"not_proven", Severity::kInfo, sentence, ""});
  }
  json.EndArray();
}

void WriteEvidence(JsonWriter& json, const Evidence& evidence) {
  json.BeginObject("evidence")
      .StringOrNull("endpoint", evidence.endpoint)
      .NumberOrNull("http_status", evidence.http_status)
      .NumberOrNull("code", evidence.code)
      .NumberOrNull("subcode", evidence.subcode)
      .StringOrNull("trace_id", evidence.trace_id)
      .Time("observed_at", evidence.observed_at)
      .EndObject();
}

// An empty list from an issuer that did not speak of scopes would be an invented fact.
void WriteScopes(JsonWriter& json, const TokenReport& token) {
  const Observation& seen = token.observation;
  const bool known = !seen.facts.scopes.empty();
  known ? json.Strings("scopes", seen.facts.scopes) : json.Null("scopes");
  const bool judged = known || !seen.missing_scopes.empty() || !token.scopes_asked;
  judged ? json.Strings("missing_scopes", seen.missing_scopes) : json.Null("missing_scopes");
}

void WriteToken(JsonWriter& json, const TokenReport& token, Instant now) {
  const Observation& seen = token.observation;
  const Deadline deadline = EarliestDeadline(seen.facts);
  json.BeginObject()
      .String("name", token.name)
      .StringOrNull("provider", token.provider)
      .StringOrNull("kind", token.kind)
      .String("verdict", ToString(seen.verdict))
      .String("reason", ToString(seen.reason))
      .String("gate", ToString(token.gate.result))
      .Time("expires_at", seen.facts.expires_at)
      .String("lifetime", ToString(seen.facts.lifetime))
      .NumberOrNull("remaining_seconds", Remaining(seen.facts, now))
      .String("deadline_reason", ToString(deadline.reason))
      .StringOrNull("tenant", token.tenant);
  WriteScopes(json, token);
  json.Time("deadline", deadline.at).StringOrNull("fingerprint", token.fingerprint.text);
  WriteFindings(json, seen);
  WriteEvidence(json, seen.evidence);
  json.String("message", MessageOf(token)).StringOrNull("action", ActionOf(token)).EndObject();
}

}  // namespace

std::string RenderCheckJson(const CheckReport& report) {
  JsonWriter json;
  json.BeginObject()
      .String("schema", "tokenwarden.check/v1")
      .Time("generated_at", report.generated_at)
      .Number("exit_code", static_cast<int>(report.exit_code));
  WriteSummary(json, report);
  json.BeginArray("tokens");
  for (const TokenReport& token : report.tokens) WriteToken(json, token, report.generated_at);
  json.EndArray();
  if (report.error) WriteError(json, *report.error);
  return json.EndObject().Take();
}

}  // namespace tokenwarden::cli
