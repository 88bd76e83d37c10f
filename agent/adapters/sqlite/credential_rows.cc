#include "agent/adapters/sqlite/credential_rows.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "agent/codec/observation_json.h"

namespace tokenwarden::sqlite {
namespace {

void BindAttempts(Query& query, const Attempts& attempts) {
  query.Time(attempts.last_at)
      .Time(attempts.last_success_at)
      .Int(attempts.consecutive_failures)
      .Time(attempts.not_before)
      .Text(attempts.last_error)
      .Text(attempts.last_error_reason);
}

Attempts TakeAttempts(Query& query) {
  Attempts attempts;
  attempts.last_at = query.TakeTime();
  attempts.last_success_at = query.TakeTime();
  attempts.consecutive_failures = static_cast<std::uint32_t>(query.TakeInt());
  attempts.not_before = query.TakeTime();
  attempts.last_error = query.TakeText();
  attempts.last_error_reason = query.TakeText();
  return attempts;
}

std::optional<std::string> JsonOf(const std::optional<Observation>& observation) {
  return observation ? std::optional(codec::ToJson(*observation)) : std::nullopt;
}

Status TakeObservation(Query& query, std::optional<Observation>& observation) {
  const std::optional<std::string> text = query.TakeOptionalText();
  if (!text) return {};
  Result<Observation> parsed = codec::ParseObservation(*text);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  observation = std::move(*parsed);
  return {};
}

std::optional<OperatorNeed> TakeOperatorNeed(Query& query) {
  std::optional<std::string> reason = query.TakeOptionalText();
  std::string sentence = query.TakeText();
  const std::optional<Instant> since = query.TakeTime();
  if (!reason) return std::nullopt;
  return OperatorNeed{std::move(*reason), std::move(sentence), since.value_or(Instant{})};
}

Result<CredentialState> TakeState(Query& query) {
  CredentialState state;
  state.name = query.TakeText();
  state.generation = static_cast<Generation>(query.TakeInt());
  state.fingerprint.text = query.TakeText();
  state.generation_since = query.TakeTime();
  const std::optional<Origin> origin = ParseOrigin(query.TakeText());
  if (!origin) return DamagedRow("credential " + state.name);
  state.origin = *origin;
  for (std::optional<Observation>* seen : {&state.conclusive, &state.silence}) {
    Status taken = TakeObservation(query, *seen);
    if (taken) continue;
    taken.error().message += " (credential " + state.name + ")";
    return tl::unexpected<Error>(taken.error());
  }
  state.inspect = TakeAttempts(query);
  state.renew = TakeAttempts(query);
  state.operator_need = TakeOperatorNeed(query);
  state.refused_fingerprint.text = query.TakeText();
  state.spec_digest = query.TakeText();
  state.reply_lost_at = query.TakeTime();
  const std::optional<std::string> rotation = query.TakeOptionalText();
  if (!rotation) return state;
  state.rotation = ParseRotationState(*rotation);
  if (!state.rotation) return DamagedRow("the rotation of " + state.name);
  return state;
}

// As SQLite wrote them: [["intent", 1795262400, ""], …]. Nullopt for anything else.
std::optional<std::vector<PassedStep>> ParseSteps(const std::string& text) {
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return std::nullopt;
  std::vector<PassedStep> steps;
  for (const auto& entry : list) {
    const bool sound = entry.is_array() && entry.size() == 3 && entry[0].is_string() &&
                       entry[1].is_number_integer() && entry[2].is_string();
    const auto state = sound ? ParseRotationState(entry[0].get_ref<const std::string&>())
                             : std::optional<RotationState>();
    if (!state) return std::nullopt;
    steps.push_back({*state, FromUnix(entry[1].get<std::int64_t>()), entry[2]});
  }
  return steps;
}

SinkState TakeSink(Query& query) {
  SinkState sink;
  sink.target = query.TakeText();
  sink.generation = static_cast<Generation>(query.TakeInt());
  sink.verified_at = query.TakeTime();
  sink.drifted = query.TakeBool();
  sink.consecutive_failures = static_cast<std::uint32_t>(query.TakeInt());
  sink.last_attempt_at = query.TakeTime();
  sink.last_error = query.TakeText();
  sink.last_error_reason = query.TakeText();
  return sink;
}

// The sinks of one credential after the other: the rows are sorted by name, like the credentials.
class SinkCursor {
 public:
  explicit SinkCursor(Query& query) : query_(query) {}

  Status Advance() {
    Result<bool> row = query_.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    at_end_ = !*row;
    if (!at_end_) credential_ = query_.TakeText();
    return {};
  }
  Status Take(CredentialState& state) {
    while (!at_end_ && credential_ == state.name) {
      state.sinks.push_back(TakeSink(query_));
      Status next = Advance();
      if (!next) return next;
    }
    return {};
  }

 private:
  Query& query_;
  bool at_end_ = false;
  std::string credential_;
};

Status Visit(Query& states, Query& sinks, const std::function<void(CredentialState)>& visit) {
  SinkCursor cursor(sinks);
  Status ready = cursor.Advance();
  if (!ready) return ready;
  for (;;) {
    Result<bool> row = states.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return {};
    Result<CredentialState> state = TakeState(states);
    if (!state) return tl::unexpected<Error>(state.error());
    Status taken = cursor.Take(*state);
    if (!taken) return taken;
    visit(std::move(*state));
  }
}

}  // namespace

tl::unexpected<Error> DamagedRow(const std::string& what) {
  return MakeError(ErrorKind::kDataLoss, "damaged", "the stored row of " + what + " is damaged",
                   "restore the newest backup of the state file");
}

Status ReadStates(Database& database, const std::function<void(CredentialState)>& visit) {
  Query states(database, Sql::kLoadStates);
  Query sinks(database, Sql::kLoadSinks);
  return Visit(states, sinks, visit);
}

Result<std::optional<CredentialState>> ReadState(Database& database, const std::string& name) {
  Query states(database, Sql::kLoadState);
  Query sinks(database, Sql::kLoadSinksOf);
  states.Text(name);
  sinks.Text(name);
  std::optional<CredentialState> found;
  Status visited = Visit(states, sinks, [&](CredentialState state) { found = std::move(state); });
  if (!visited) return tl::unexpected<Error>(visited.error());
  return found;
}

Status WriteState(Database& database, const CredentialState& state) {
  Query query(database, Sql::kSaveState);
  query.Text(state.name).OptionalText(JsonOf(state.conclusive)).OptionalText(JsonOf(state.silence));
  BindAttempts(query, state.inspect);
  BindAttempts(query, state.renew);
  const std::optional<OperatorNeed>& need = state.operator_need;
  query.OptionalText(need ? std::optional(need->reason) : std::nullopt)
      .OptionalText(need ? std::optional(need->sentence) : std::nullopt)
      .Time(need ? std::optional(need->since) : std::nullopt);
  return query.Text(state.refused_fingerprint.text)
      .Text(state.spec_digest)
      .Time(state.reply_lost_at)
      .Do();
}

Status WriteSink(Database& database, const std::string& credential, const SinkState& sink) {
  Status known = Query(database, Sql::kKnowCredential).Text(credential).Do();
  if (!known) return known;
  return Query(database, Sql::kSaveSink)
      .Text(credential)
      .Text(sink.target)
      .Int(static_cast<std::int64_t>(sink.generation))
      .Time(sink.verified_at)
      .Int(sink.drifted ? 1 : 0)
      .Int(sink.consecutive_failures)
      .Time(sink.last_attempt_at)
      .Text(sink.last_error)
      .Text(sink.last_error_reason)
      .Do();
}

Status ForgetSink(Database& database, const std::string& credential, const std::string& target) {
  return Query(database, Sql::kForgetSink).Text(credential).Text(target).Do();
}

Result<Rotation> TakeRotation(Query& query) {
  Rotation rotation;
  rotation.id = query.TakeInt();
  rotation.credential = query.TakeText();
  const std::optional<Origin> origin = ParseOrigin(query.TakeText());
  const std::optional<RotationState> state = ParseRotationState(query.TakeText());
  if (!origin || !state) return DamagedRow("a rotation of " + rotation.credential);
  rotation.origin = *origin;
  rotation.state = *state;
  rotation.from_generation = static_cast<Generation>(query.TakeInt());
  rotation.to_generation = static_cast<Generation>(query.TakeInt());
  rotation.epoch = static_cast<std::uint64_t>(query.TakeInt());
  rotation.started_at = FromUnix(query.TakeInt());
  rotation.changed_at = FromUnix(query.TakeInt());
  rotation.has_reply = query.TakeBool();
  rotation.has_candidate = query.TakeBool();
  rotation.candidate_fingerprint.text = query.TakeText();
  rotation.note = query.TakeText();
  std::optional<std::vector<PassedStep>> steps = ParseSteps(query.TakeText());
  if (!steps) return DamagedRow("a rotation of " + rotation.credential);
  rotation.steps = std::move(*steps);
  return rotation;
}

}  // namespace tokenwarden::sqlite
