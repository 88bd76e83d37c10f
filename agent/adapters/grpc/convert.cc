#include "agent/adapters/grpc/convert.h"

#include "agent/adapters/grpc/convert_enums.h"

namespace tokenwarden::grpc_adapter {
namespace {

using google::protobuf::Duration;
using google::protobuf::Timestamp;

template <typename GetOut>
void SetTime(const std::optional<Instant>& at, GetOut mutable_out) {
  if (at) TimeToProto(*at, mutable_out());
}

std::optional<Instant> TimeIf(bool has, const Timestamp& in) {
  return has ? std::optional<Instant>(TimeFromProto(in)) : std::nullopt;
}

void Set(const std::optional<Seconds>& seconds, Duration* (*mutable_out)(v1::Observation*),
         v1::Observation* out) {
  if (seconds) mutable_out(out)->set_seconds(seconds->count());
}

template <typename Repeated>
std::vector<std::string> Strings(const Repeated& in) {
  return {in.begin(), in.end()};
}

void ToProto(const Evidence& in, v1::Evidence* out) {
  out->set_endpoint(in.endpoint);
  if (in.http_status) out->set_http_status(*in.http_status);
  if (in.code) out->set_code(*in.code);
  if (in.subcode) out->set_subcode(*in.subcode);
  out->set_trace_id(in.trace_id);
  TimeToProto(in.observed_at, out->mutable_observed_at());
}

Evidence FromProto(const v1::Evidence& in) {
  Evidence out;
  out.endpoint = in.endpoint();
  if (in.has_http_status()) out.http_status = in.http_status();
  if (in.has_code()) out.code = in.code();
  if (in.has_subcode()) out.subcode = in.subcode();
  out.trace_id = in.trace_id();
  out.observed_at = TimeFromProto(in.observed_at());
  return out;
}

void ToProto(const TokenFacts& in, v1::TokenFacts* out) {
  out->set_kind(in.kind);
  out->set_app_id(in.app_id);
  out->set_user_id(in.user_id);
  out->set_profile_id(in.profile_id);
  out->set_lifetime(ToWire(kLifetimes, in.lifetime));
  SetTime(in.expires_at, [&] { return out->mutable_expires_at(); });
  SetTime(in.issued_at, [&] { return out->mutable_issued_at(); });
  out->mutable_scopes()->Assign(in.scopes.begin(), in.scopes.end());
  for (const ClockReading& clock : in.other_clocks) {
    v1::ClockReading* reading = out->add_other_clocks();
    reading->set_reason(ToWire(kDeadlineReasons, clock.reason));
    TimeToProto(clock.at, reading->mutable_at());
  }
}

TokenFacts FromProto(const v1::TokenFacts& in) {
  TokenFacts out;
  out.kind = in.kind();
  out.app_id = in.app_id();
  out.user_id = in.user_id();
  out.profile_id = in.profile_id();
  out.lifetime = FromWire(kLifetimes, in.lifetime());
  out.expires_at = TimeIf(in.has_expires_at(), in.expires_at());
  out.issued_at = TimeIf(in.has_issued_at(), in.issued_at());
  out.scopes = Strings(in.scopes());
  for (const v1::ClockReading& clock : in.other_clocks()) {
    out.other_clocks.push_back(
        {FromWire(kDeadlineReasons, clock.reason()), TimeFromProto(clock.at())});
  }
  return out;
}

void ToProto(const Finding& in, v1::Finding* out) {
  out->set_id(in.id);
  out->set_severity(ToWire(kSeverities, in.severity));
  out->set_message(in.message);
  out->set_action(in.action);
}

Finding FromProto(const v1::Finding& in) {
  return {in.id(), FromWire(kSeverities, in.severity()), in.message(), in.action()};
}

void ToProto(const Observation& in, v1::Observation* out) {
  out->set_verdict(ToWire(kVerdicts, in.verdict));
  out->set_reason(std::string(ToString(in.reason)));
  out->set_message(in.message);
  out->set_action(in.action);
  ToProto(in.facts, out->mutable_facts());
  out->mutable_missing_scopes()->Assign(in.missing_scopes.begin(), in.missing_scopes.end());
  for (const Finding& finding : in.findings) ToProto(finding, out->add_findings());
  out->mutable_unproven()->Assign(in.unproven.begin(), in.unproven.end());
  ToProto(in.evidence, out->mutable_evidence());
  Set(
      in.retry_after, [](v1::Observation* o) { return o->mutable_retry_after(); }, out);
  Set(
      in.clock_skew, [](v1::Observation* o) { return o->mutable_clock_skew(); }, out);
}

Observation FromProto(const v1::Observation& in) {
  Observation out;
  out.verdict = FromWire(kVerdicts, in.verdict());
  out.reason = ParseReason(in.reason()).value_or(Reason::kBadReply);
  out.message = in.message();
  out.action = in.action();
  out.facts = FromProto(in.facts());
  out.missing_scopes = Strings(in.missing_scopes());
  for (const v1::Finding& finding : in.findings()) out.findings.push_back(FromProto(finding));
  out.unproven = Strings(in.unproven());
  out.evidence = FromProto(in.evidence());
  if (in.has_retry_after()) out.retry_after = Seconds(in.retry_after().seconds());
  if (in.has_clock_skew()) out.clock_skew = Seconds(in.clock_skew().seconds());
  return out;
}

void ToProto(const Attempts& in, v1::Attempts* out) {
  SetTime(in.last_at, [&] { return out->mutable_last_at(); });
  SetTime(in.last_success_at, [&] { return out->mutable_last_success_at(); });
  out->set_consecutive_failures(in.consecutive_failures);
  SetTime(in.not_before, [&] { return out->mutable_not_before(); });
  out->set_last_error(in.last_error);
  out->set_last_error_reason(in.last_error_reason);
}

Attempts FromProto(const v1::Attempts& in) {
  Attempts out;
  out.last_at = TimeIf(in.has_last_at(), in.last_at());
  out.last_success_at = TimeIf(in.has_last_success_at(), in.last_success_at());
  out.consecutive_failures = in.consecutive_failures();
  out.not_before = TimeIf(in.has_not_before(), in.not_before());
  out.last_error = in.last_error();
  out.last_error_reason = in.last_error_reason();
  return out;
}

void ToProto(const SinkState& in, v1::SinkState* out) {
  out->set_target(in.target);
  out->set_generation(in.generation);
  SetTime(in.verified_at, [&] { return out->mutable_verified_at(); });
  out->set_drifted(in.drifted);
  out->set_consecutive_failures(in.consecutive_failures);
  SetTime(in.last_attempt_at, [&] { return out->mutable_last_attempt_at(); });
  out->set_last_error(in.last_error);
  out->set_last_error_reason(in.last_error_reason);
}

SinkState FromProto(const v1::SinkState& in) {
  SinkState out;
  out.target = in.target();
  out.generation = in.generation();
  out.verified_at = TimeIf(in.has_verified_at(), in.verified_at());
  out.drifted = in.drifted();
  out.consecutive_failures = in.consecutive_failures();
  out.last_attempt_at = TimeIf(in.has_last_attempt_at(), in.last_attempt_at());
  out.last_error = in.last_error();
  out.last_error_reason = in.last_error_reason();
  return out;
}

void StateToProto(const CredentialState& in, v1::Token* out) {
  out->set_generation(in.generation);
  out->set_fingerprint(in.fingerprint.text);
  SetTime(in.generation_since, [&] { return out->mutable_generation_since(); });
  out->set_origin(ToWire(kOrigins, in.origin));
  if (in.conclusive) ToProto(*in.conclusive, out->mutable_conclusive());
  if (in.silence) ToProto(*in.silence, out->mutable_silence());
  ToProto(in.inspect, out->mutable_inspect());
  ToProto(in.renew, out->mutable_renew());
  for (const SinkState& sink : in.sinks) ToProto(sink, out->add_sink_states());
  if (in.rotation) out->set_rotation(ToWire(kRotationStates, *in.rotation));
  if (in.operator_need) {
    v1::OperatorNeed* need = out->mutable_operator_need();
    need->set_reason(in.operator_need->reason);
    need->set_sentence(in.operator_need->sentence);
    TimeToProto(in.operator_need->since, need->mutable_since());
  }
  out->set_refused_fingerprint(in.refused_fingerprint.text);
  SetTime(in.reply_lost_at, [&] { return out->mutable_reply_lost_at(); });
}

CredentialState StateFromProto(const v1::Token& in) {
  CredentialState out;
  out.name = in.name();
  out.generation = in.generation();
  out.fingerprint.text = in.fingerprint();
  out.generation_since = TimeIf(in.has_generation_since(), in.generation_since());
  out.origin = FromWire(kOrigins, in.origin());
  if (in.has_conclusive()) out.conclusive = FromProto(in.conclusive());
  if (in.has_silence()) out.silence = FromProto(in.silence());
  out.inspect = FromProto(in.inspect());
  out.renew = FromProto(in.renew());
  for (const v1::SinkState& sink : in.sink_states()) out.sinks.push_back(FromProto(sink));
  if (in.rotation() != v1::ROTATION_STATE_UNSPECIFIED) {
    out.rotation = FromWire(kRotationStates, in.rotation());
  }
  if (in.has_operator_need()) {
    const v1::OperatorNeed& need = in.operator_need();
    out.operator_need = OperatorNeed{need.reason(), need.sentence(), TimeFromProto(need.since())};
  }
  out.refused_fingerprint.text = in.refused_fingerprint();
  out.reply_lost_at = TimeIf(in.has_reply_lost_at(), in.reply_lost_at());
  return out;
}

void ToProto(const Decision& in, v1::Decision* out) {
  out->set_action(ToWire(kActions, in.action));
  out->set_reason(in.reason);
  out->set_sentence(in.sentence);
  SetTime(in.until, [&] { return out->mutable_until(); });
  out->mutable_targets()->Assign(in.targets.begin(), in.targets.end());
}

Decision FromProto(const v1::Decision& in) {
  return {FromWire(kActions, in.action()), in.reason(), in.sentence(),
          TimeIf(in.has_until(), in.until()), Strings(in.targets())};
}

void ToProto(const Rotation& in, v1::Rotation* out) {
  out->set_id(in.id);
  out->set_origin(ToWire(kOrigins, in.origin));
  out->set_state(ToWire(kRotationStates, in.state));
  out->set_from_generation(in.from_generation);
  out->set_to_generation(in.to_generation);
  out->set_epoch(in.epoch);
  TimeToProto(in.started_at, out->mutable_started_at());
  TimeToProto(in.changed_at, out->mutable_changed_at());
  out->set_has_reply(in.has_reply);
  out->set_has_candidate(in.has_candidate);
  out->set_candidate_fingerprint(in.candidate_fingerprint.text);
  out->set_note(in.note);
  for (const PassedStep& step : in.steps) {
    v1::PassedStep* passed = out->add_steps();
    passed->set_state(ToWire(kRotationStates, step.state));
    TimeToProto(step.at, passed->mutable_at());
    passed->set_note(step.note);
  }
}

Rotation FromProto(const v1::Rotation& in, const std::string& credential) {
  Rotation out;
  out.id = in.id();
  out.credential = credential;
  out.origin = FromWire(kOrigins, in.origin());
  out.state = FromWire(kRotationStates, in.state());
  out.from_generation = in.from_generation();
  out.to_generation = in.to_generation();
  out.epoch = in.epoch();
  out.started_at = TimeFromProto(in.started_at());
  out.changed_at = TimeFromProto(in.changed_at());
  out.has_reply = in.has_reply();
  out.has_candidate = in.has_candidate();
  out.candidate_fingerprint.text = in.candidate_fingerprint();
  out.note = in.note();
  for (const v1::PassedStep& step : in.steps()) {
    out.steps.push_back(
        {FromWire(kRotationStates, step.state()), TimeFromProto(step.at()), step.note()});
  }
  return out;
}

}  // namespace

void TimeToProto(Instant at, Timestamp* out) { out->set_seconds(ToUnix(at)); }
Instant TimeFromProto(const Timestamp& in) { return FromUnix(in.seconds()); }

void ToProto(const TokenView& view, v1::Token* out) {
  out->set_name(view.name);
  out->set_tenant(view.tenant);
  out->set_provider(view.provider);
  out->mutable_labels()->insert(view.labels.begin(), view.labels.end());
  StateToProto(view.state, out);
  out->mutable_deadline()->set_reason(ToWire(kDeadlineReasons, view.deadline.reason));
  SetTime(view.deadline.at, [&] { return out->mutable_deadline()->mutable_at(); });
  SetTime(view.renewal_due_at, [&] { return out->mutable_renewal_due_at(); });
  SetTime(view.next_look_at, [&] { return out->mutable_next_look_at(); });
  for (const SinkSpec& spec : view.sinks) {
    v1::Sink* sink = out->add_sinks();
    sink->set_kind(ToWire(kSinkKinds, spec.kind));
    sink->set_path(spec.path);
    sink->set_key(spec.key);
    sink->set_drift(ToWire(kDrifts, spec.drift));
  }
  for (const TokenView::SinkRetry& retry : view.sink_retries) {
    v1::SinkRetry* sink = out->add_sink_retries();
    sink->set_target(retry.target);
    TimeToProto(retry.at, sink->mutable_at());
  }
}

TokenView FromProto(const v1::Token& in) {
  TokenView out;
  out.name = in.name();
  out.tenant = in.tenant();
  out.provider = in.provider();
  out.labels = {in.labels().begin(), in.labels().end()};
  out.state = StateFromProto(in);
  out.deadline.reason = FromWire(kDeadlineReasons, in.deadline().reason());
  out.deadline.at = TimeIf(in.deadline().has_at(), in.deadline().at());
  out.renewal_due_at = TimeIf(in.has_renewal_due_at(), in.renewal_due_at());
  out.next_look_at = TimeIf(in.has_next_look_at(), in.next_look_at());
  for (const v1::Sink& sink : in.sinks()) {
    SinkSpec spec;
    spec.kind = FromWire(kSinkKinds, sink.kind());
    spec.path = sink.path();
    spec.key = sink.key();
    spec.drift = FromWire(kDrifts, sink.drift());
    out.sinks.push_back(std::move(spec));
  }
  for (const v1::SinkRetry& retry : in.sink_retries()) {
    out.sink_retries.push_back({retry.target(), TimeFromProto(retry.at())});
  }
  return out;
}

void ToProto(const Explanation& explanation, v1::ExplainTokenResponse* out) {
  ToProto(explanation.token, out->mutable_token());
  ToProto(explanation.decision, out->mutable_decision());
  for (const Explanation::Line& line : explanation.chain) {
    v1::RuleAnswer* answer = out->add_chain();
    answer->set_rule(line.rule);
    answer->set_answer(line.answer);
  }
  if (explanation.rotation) ToProto(*explanation.rotation, out->mutable_rotation());
  out->set_rotation_next(explanation.rotation_next);
}

Explanation FromProto(const v1::ExplainTokenResponse& in) {
  Explanation out;
  out.token = FromProto(in.token());
  out.decision = FromProto(in.decision());
  for (const v1::RuleAnswer& answer : in.chain()) {
    out.chain.push_back({answer.rule(), answer.answer()});
  }
  if (in.has_rotation()) out.rotation = FromProto(in.rotation(), in.token().name());
  out.rotation_next = in.rotation_next();
  return out;
}

void ToProto(const HealthProblem& problem, v1::HealthProblem* out) {
  out->set_credential(problem.credential);
  out->set_reason(problem.reason);
  out->set_sentence(problem.sentence);
}

HealthProblem FromProto(const v1::HealthProblem& in) {
  return {in.credential(), in.reason(), in.sentence()};
}

}  // namespace tokenwarden::grpc_adapter
