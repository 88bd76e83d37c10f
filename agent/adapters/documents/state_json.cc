#include "agent/adapters/documents/state_json.h"

#include <utility>

#include "agent/codec/json_fields.h"
#include "agent/codec/observation_json.h"

// Writers take their structures apart by name: a member that is added and not stored here does not
// compile.
namespace tokenwarden::documents {
namespace {

using codec::json;
using codec::Known;
using codec::NumberOf;
using codec::Part;
using codec::Put;
using codec::Text;
using codec::Time;

template <typename Number>
Number NumberOr0(const json& from, const char* key) {
  return NumberOf<Number>(from, key).value_or(0);
}
template <typename Number>
void PutUnless0(json& to, const char* key, Number number) {
  if (number != 0) to[key] = number;
}
Instant TimeOr0(const json& from, const char* key) { return Time(from, key).value_or(Instant{}); }

json JsonOf(const Attempts& from) {
  const auto& [last_at, last_success_at, consecutive_failures, not_before, last_error,
               last_error_reason] = from;
  json to = json::object();
  Put(to, "last_at", last_at);
  Put(to, "last_success_at", last_success_at);
  PutUnless0(to, "failures", consecutive_failures);
  Put(to, "not_before", not_before);
  Put(to, "error", last_error);
  Put(to, "error_reason", last_error_reason);
  return to;
}

Attempts AttemptsFrom(const json& from) {
  Attempts attempts;
  attempts.last_at = Time(from, "last_at");
  attempts.last_success_at = Time(from, "last_success_at");
  attempts.consecutive_failures = NumberOr0<std::uint32_t>(from, "failures");
  attempts.not_before = Time(from, "not_before");
  attempts.last_error = Text(from, "error");
  attempts.last_error_reason = Text(from, "error_reason");
  return attempts;
}

json JsonOf(const OperatorNeed& from) {
  const auto& [reason, sentence, since] = from;
  return {{"reason", reason}, {"sentence", sentence}, {"since", ToUnix(since)}};
}

json JsonOf(const PassedStep& from) {
  const auto& [state, at, note] = from;
  return json::array({ToString(state), ToUnix(at), note});
}

std::optional<Observation> ObservationIn(const json& from, const char* key) {
  const auto found = from.find(key);
  if (found == from.end()) return std::nullopt;
  return codec::ObservationFrom(*found);
}

}  // namespace

json JsonOf(const CredentialState& from) {
  // The sinks are stored beside it, and the step is told by the rotations.
  const auto& [name, generation, fingerprint, generation_since, origin, conclusive, silence,
               inspect, renew, sinks, rotation, reply_lost_at, operator_need, refused_fingerprint,
               spec_digest] = from;
  static_cast<void>(sinks);
  static_cast<void>(rotation);
  json to = {{"name", name}, {"origin", ToString(origin)}};
  PutUnless0(to, "generation", generation);
  Put(to, "fingerprint", fingerprint.text);
  Put(to, "generation_since", generation_since);
  if (conclusive) to["conclusive"] = codec::JsonOf(*conclusive);
  if (silence) to["silence"] = codec::JsonOf(*silence);
  to["inspect"] = JsonOf(inspect);
  to["renew"] = JsonOf(renew);
  Put(to, "reply_lost_at", reply_lost_at);
  if (operator_need) to["operator_need"] = JsonOf(*operator_need);
  Put(to, "refused_fingerprint", refused_fingerprint.text);
  Put(to, "spec_digest", spec_digest);
  return to;
}

CredentialState StateFrom(const json& from) {
  CredentialState state;
  state.name = Text(from, "name");
  state.origin = Known(ParseOrigin(Text(from, "origin")));
  state.generation = NumberOr0<Generation>(from, "generation");
  state.fingerprint.text = Text(from, "fingerprint");
  state.generation_since = Time(from, "generation_since");
  state.conclusive = ObservationIn(from, "conclusive");
  state.silence = ObservationIn(from, "silence");
  state.inspect = AttemptsFrom(Part(from, "inspect"));
  state.renew = AttemptsFrom(Part(from, "renew"));
  state.reply_lost_at = Time(from, "reply_lost_at");
  if (const json& need = Part(from, "operator_need"); !need.empty()) {
    state.operator_need =
        OperatorNeed{Text(need, "reason"), Text(need, "sentence"), TimeOr0(need, "since")};
  }
  state.refused_fingerprint.text = Text(from, "refused_fingerprint");
  state.spec_digest = Text(from, "spec_digest");
  return state;
}

json JsonOf(const SinkState& from) {
  const auto& [target, generation, verified_at, drifted, consecutive_failures, last_attempt_at,
               last_error, last_error_reason] = from;
  json to = {{"target", target}, {"generation", generation}};
  Put(to, "verified_at", verified_at);
  if (drifted) to["drifted"] = true;
  PutUnless0(to, "failures", consecutive_failures);
  Put(to, "last_attempt_at", last_attempt_at);
  Put(to, "error", last_error);
  Put(to, "error_reason", last_error_reason);
  return to;
}

SinkState SinkFrom(const json& from) {
  SinkState sink;
  sink.target = Text(from, "target");
  sink.generation = codec::Whole<Generation>(from.at("generation"));
  sink.verified_at = Time(from, "verified_at");
  sink.drifted = from.value("drifted", false);
  sink.consecutive_failures = NumberOr0<std::uint32_t>(from, "failures");
  sink.last_attempt_at = Time(from, "last_attempt_at");
  sink.last_error = Text(from, "error");
  sink.last_error_reason = Text(from, "error_reason");
  return sink;
}

json JsonOf(const Rotation& from) {
  // The credential is the document's, and what is sealed lies beside it.
  const auto& [id, credential, origin, state, from_generation, to_generation, epoch, started_at,
               changed_at, has_reply, has_candidate, candidate_fingerprint, note, steps] = from;
  static_cast<void>(credential);
  static_cast<void>(has_reply);
  static_cast<void>(has_candidate);
  json to = {{"id", id},
             {"origin", ToString(origin)},
             {"state", ToString(state)},
             {"from_generation", from_generation},
             {"epoch", epoch},
             {"started_at", ToUnix(started_at)},
             {"changed_at", ToUnix(changed_at)}};
  PutUnless0(to, "to_generation", to_generation);
  Put(to, "candidate_fingerprint", candidate_fingerprint.text);
  Put(to, "note", note);
  for (const PassedStep& step : steps) to["steps"].push_back(JsonOf(step));
  return to;
}

Rotation RotationFrom(const json& from) {
  Rotation rotation;
  rotation.id = codec::Whole<RotationId>(from.at("id"));
  rotation.origin = Known(ParseOrigin(Text(from, "origin")));
  rotation.state = Known(ParseRotationState(Text(from, "state")));
  rotation.from_generation = codec::Whole<Generation>(from.at("from_generation"));
  rotation.epoch = codec::Whole<std::uint64_t>(from.at("epoch"));
  rotation.started_at = TimeOr0(from, "started_at");
  rotation.changed_at = TimeOr0(from, "changed_at");
  rotation.to_generation = NumberOr0<Generation>(from, "to_generation");
  rotation.candidate_fingerprint.text = Text(from, "candidate_fingerprint");
  rotation.note = Text(from, "note");
  for (const json& step : Part(from, "steps")) {
    rotation.steps.push_back({Known(ParseRotationState(step.at(0).get<std::string>())),
                              FromUnix(codec::Whole<std::int64_t>(step.at(1))),
                              step.at(2).get<std::string>()});
  }
  return rotation;
}

json JsonOf(const AuditEntry& from) {
  const auto& [at, credential, event, sentence] = from;
  static_cast<void>(credential);
  return {{"at", ToUnix(at)}, {"event", event}, {"sentence", sentence}};
}

AuditEntry AuditFrom(const json& from) {
  AuditEntry entry;
  entry.at = TimeOr0(from, "at");
  entry.event = Text(from, "event");
  entry.sentence = Text(from, "sentence");
  return entry;
}

}  // namespace tokenwarden::documents
