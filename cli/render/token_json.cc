#include "cli/render/json_writer.h"
#include "cli/render/token_view.h"

namespace tokenwarden::cli {
namespace {

std::int64_t Count(std::uint64_t number) { return static_cast<std::int64_t>(number); }

void WriteLabels(JsonWriter& json, const TokenView& token) {
  json.BeginObject("labels");
  for (const auto& label : token.labels) json.String(label.first, label.second);
  json.EndObject();
}

// What the issuer said last that was conclusive; all null for a pending token.
void WriteConclusion(JsonWriter& json, const std::optional<Observation>& seen) {
  static const Observation kNothing;
  const Observation& shown = seen ? *seen : kNothing;
  json.StringOrNull("verdict", seen ? ToString(shown.verdict) : "")
      .StringOrNull("reason", seen ? ToString(shown.reason) : "")
      .StringOrNull("kind", shown.facts.kind)
      .Time("expires_at", shown.facts.expires_at)
      .String("lifetime", ToString(shown.facts.lifetime));
  shown.facts.scopes.empty() ? json.Null("scopes") : json.Strings("scopes", shown.facts.scopes);
  json.Strings("missing_scopes", shown.missing_scopes).BeginArray("findings");
  for (const Finding& finding : shown.findings) {
    json.BeginObject()
        .String("id", finding.id)
        .String("severity", ToString(finding.severity))
        .String("message", finding.message)
        .StringOrNull("action", finding.action)
        .EndObject();
  }
  json.EndArray()
      .Time("last_check_at",
            seen ? std::optional<Instant>(shown.evidence.observed_at) : std::nullopt)
      .StringOrNull("message", shown.message)
      .StringOrNull("action", shown.action);
}

void WriteSilence(JsonWriter& json, const std::optional<Observation>& silence) {
  if (!silence) {
    json.Null("indeterminate");
    return;
  }
  json.BeginObject("indeterminate")
      .String("reason", ToString(silence->reason))
      .String("message", silence->message)
      .Time("observed_at", silence->evidence.observed_at)
      .EndObject();
}

void WriteNeed(JsonWriter& json, const std::optional<OperatorNeed>& need) {
  if (!need) {
    json.Null("operator_need");
    return;
  }
  json.BeginObject("operator_need")
      .String("reason", need->reason)
      .String("message", need->sentence)
      .Time("since", need->since)
      .EndObject();
}

std::optional<Instant> RetryOf(const TokenView& token, const std::string& target) {
  for (const TokenView::SinkRetry& retry : token.sink_retries) {
    if (retry.target == target) return retry.at;
  }
  return std::nullopt;
}

void WriteSinks(JsonWriter& json, const TokenView& token) {
  json.BeginArray("sinks");
  for (const SinkState& sink : token.state.sinks) {
    const Generation current = token.state.generation;
    json.BeginObject()
        .String("target", sink.target)
        .Number("generation", Count(sink.generation))
        .Number("lag", Count(current > sink.generation ? current - sink.generation : 0))
        .Time("verified_at", sink.verified_at)
        .Bool("drifted", sink.drifted)
        .Number("consecutive_failures", Count(sink.consecutive_failures))
        .Time("last_attempt_at", sink.last_attempt_at)
        .Time("next_attempt_at", RetryOf(token, sink.target))
        .StringOrNull("last_error", sink.last_error)
        .StringOrNull("last_error_reason", sink.last_error_reason)
        .EndObject();
  }
  json.EndArray();
}

void WriteToken(JsonWriter& json, const TokenView& token, std::string_view key) {
  const CredentialState& state = token.state;
  json.BeginObject(key)
      .String("name", token.name)
      .StringOrNull("tenant", token.tenant)
      .String("provider", token.provider);
  WriteLabels(json, token);
  json.String("state", StateWord(state));
  WriteConclusion(json, state.conclusive);
  json.Time("deadline", token.deadline.at)
      .String("deadline_reason", ToString(token.deadline.reason))
      .Time("renewal_due_at", token.renewal_due_at)
      .Time("next_look_at", token.next_look_at)
      .Number("generation", Count(state.generation))
      .StringOrNull("fingerprint", state.fingerprint.text)
      .Time("generation_since", state.generation_since)
      .String("origin", ToString(state.origin))
      .StringOrNull("rotation", state.rotation ? ToString(*state.rotation) : "");
  WriteSilence(json, state.silence);
  WriteNeed(json, state.operator_need);
  WriteSinks(json, token);
  json.EndObject();
}

JsonWriter Opened(std::string_view schema, Instant now) {
  JsonWriter json;
  json.BeginObject().String("schema", schema).Time("generated_at", now).Number("exit_code", 0);
  return json;
}

void WriteDecision(JsonWriter& json, const Decision& decision) {
  json.BeginObject("decision")
      .String("action", ToString(decision.action))
      .String("reason", decision.reason)
      .String("message", decision.sentence)
      .Time("until", decision.until)
      .Strings("targets", decision.targets)
      .EndObject();
}

void WriteRotation(JsonWriter& json, const Explanation& explanation) {
  const std::optional<Rotation>& rotation = explanation.rotation;
  if (!rotation) {
    json.Null("rotation");
    return;
  }
  json.BeginObject("rotation")
      .Number("id", rotation->id)
      .String("state", ToString(rotation->state))
      .String("origin", ToString(rotation->origin))
      .Number("from_generation", Count(rotation->from_generation))
      .Number("to_generation", Count(rotation->to_generation))
      .Time("started_at", rotation->started_at)
      .Time("changed_at", rotation->changed_at)
      .Number("epoch", Count(rotation->epoch))
      .Bool("has_reply", rotation->has_reply)
      .Bool("has_candidate", rotation->has_candidate)
      .StringOrNull("candidate_fingerprint", rotation->candidate_fingerprint.text)
      .StringOrNull("note", rotation->note)
      .StringOrNull("next", explanation.rotation_next)
      .BeginArray("steps");
  for (const PassedStep& step : rotation->steps) {
    json.BeginObject()
        .String("state", ToString(step.state))
        .Time("at", step.at)
        .StringOrNull("note", step.note)
        .EndObject();
  }
  json.EndArray().EndObject();
}

}  // namespace

std::string RenderStatusJson(const std::vector<TokenView>& tokens, Instant now) {
  JsonWriter json = Opened("tokenwarden.status/v1", now);
  json.BeginArray("tokens");
  for (const TokenView& token : tokens) WriteToken(json, token, {});
  return json.EndArray().EndObject().Take();
}

std::string RenderTokenJson(const TokenView& token, Instant now) {
  JsonWriter json = Opened("tokenwarden.token/v1", now);
  WriteToken(json, token, "token");
  return json.EndObject().Take();
}

std::string RenderExplanationJson(const Explanation& explanation, Instant now) {
  JsonWriter json = Opened("tokenwarden.explain/v1", now);
  WriteToken(json, explanation.token, "token");
  WriteDecision(json, explanation.decision);
  json.BeginArray("rules");
  for (const Explanation::Line& line : explanation.chain) {
    json.BeginObject().String("rule", line.rule).String("answer", line.answer).EndObject();
  }
  json.EndArray();
  WriteRotation(json, explanation);
  return json.EndObject().Take();
}

std::string RenderRotationJson(const Explanation& explanation, Instant now) {
  JsonWriter json = Opened("tokenwarden.rotation/v1", now);
  WriteToken(json, explanation.token, "token");
  WriteRotation(json, explanation);
  return json.EndObject().Take();
}

}  // namespace tokenwarden::cli
