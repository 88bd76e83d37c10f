#include "agent/adapters/sqlite/rotation_rows.h"

#include <utility>

#include "agent/adapters/sqlite/credential_rows.h"
#include "agent/adapters/sqlite/generation_rows.h"
#include "agent/adapters/sqlite/query.h"
#include "agent/adapters/sqlite/sealed_parts.h"

namespace tokenwarden::sqlite {
namespace {

tl::unexpected<Error> Stale(const std::string& message) {
  return MakeError(ErrorKind::kAborted, "stale", message, "load the state again and decide anew");
}
tl::unexpected<Error> InFlight(const std::string& credential) {
  return MakeError(ErrorKind::kAborted, "in_flight",
                   "another rotation of " + credential + " is unfinished",
                   "see where it stands: tokenwarden status " + credential + " --rotation");
}

std::string Named(const Rotation& rotation) {
  return "rotation " + std::to_string(rotation.id) + " of " + rotation.credential;
}

// Of a step that was just written.
void Note(Rotation& rotation) {
  if (rotation.steps.size() == kMostSteps) rotation.steps.erase(rotation.steps.begin() + 1);
  rotation.steps.push_back({rotation.state, rotation.changed_at, rotation.note});
}

Result<std::vector<Rotation>> TakeAll(Query& query) {
  std::vector<Rotation> rotations;
  for (;;) {
    Result<bool> row = query.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return rotations;
    Result<Rotation> rotation = TakeRotation(query);
    if (!rotation) return tl::unexpected<Error>(rotation.error());
    rotations.push_back(std::move(*rotation));
  }
}

}  // namespace

// ---- reading ----

Result<Rotation> RotationRows::Load(RotationId id) {
  Query query(database_, Sql::kLoadRotation);
  query.Int(id);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) {
    return MakeError(ErrorKind::kNotFound, "no_rotation",
                     "there is no rotation " + std::to_string(id));
  }
  return TakeRotation(query);
}

Result<std::vector<Rotation>> RotationRows::Unfinished() {
  Query query(database_, Sql::kLoadUnfinished);
  return TakeAll(query);
}

Result<std::vector<Rotation>> RotationRows::Refused(const std::string& credential) {
  Query query(database_, Sql::kLoadRefused);
  query.Text(credential);
  return TakeAll(query);
}

Result<std::optional<Rotation>> RotationRows::Latest(const std::string& credential) {
  Query query(database_, Sql::kLoadLatest);
  query.Text(credential);
  Result<std::vector<Rotation>> latest = TakeAll(query);
  if (!latest) return tl::unexpected<Error>(latest.error());
  if (latest->empty()) return std::optional<Rotation>();
  return std::optional(std::move(latest->front()));
}

Result<Secret> RotationRows::Reply(RotationId id) { return OpenPart(Sql::kLoadReply, "reply", id); }

Result<Secret> RotationRows::Candidate(RotationId id) {
  return OpenPart(Sql::kLoadCandidate, "candidate", id);
}

// ---- what is sealed ----

Result<Secret> RotationRows::OpenPart(Sql which, const char* part, RotationId id) {
  Query query(database_, which);
  query.Int(id);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  const std::optional<std::string> sealed = *row ? query.TakeOptionalText() : std::nullopt;
  if (!sealed) {
    return MakeError(ErrorKind::kNotFound, std::string("no_") + part,
                     "rotation " + std::to_string(id) + " has no stored " + part);
  }
  return sealer_.Open(*sealed, RotationContext(part, id, query.TakeText()));
}

Result<std::optional<std::string>> RotationRows::SealPart(const char* part,
                                                          const Rotation& rotation,
                                                          const std::optional<Secret>& value) {
  if (!value) return std::optional<std::string>();
  Result<std::string> sealed =
      sealer_.Seal(*value, RotationContext(part, rotation.id, rotation.credential));
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  return std::optional(std::move(*sealed));
}

// ---- intent ----

Result<bool> RotationRows::HasOtherUnfinished(const Rotation& rotation) {
  Query query(database_, Sql::kLoadUnfinishedOf);
  query.Text(rotation.credential);
  Result<bool> row = query.Next();
  if (!row) return row;
  return *row && query.TakeInt() != rotation.id;
}

Status RotationRows::Begin(Rotation& rotation) {
  const std::string& name = rotation.credential;
  Status done = Query(database_, Sql::kKnowCredential).Text(name).Do();
  if (!done) return done;
  Result<bool> busy = HasOtherUnfinished(rotation);
  if (!busy) return tl::unexpected<Error>(busy.error());
  if (*busy) return InFlight(name);
  Result<Held> held = ReadHeld(database_, name);
  if (!held) return tl::unexpected<Error>(held.error());
  if (held->generation != rotation.from_generation) {
    return Stale("a rotation of " + name + " from generation " +
                 std::to_string(rotation.from_generation) + " cannot begin: generation " +
                 std::to_string(held->generation) + " is held");
  }
  if (rotation.epoch < held->epoch) {
    return Stale("a refresher with epoch " + std::to_string(rotation.epoch) + " cannot act on " +
                 name + ": one with epoch " + std::to_string(held->epoch) + " was here");
  }
  const auto epoch = static_cast<std::int64_t>(rotation.epoch);
  done = Query(database_, Sql::kSaveEpoch).Int(epoch).Text(name).Do();
  if (!done) return done;
  done = Query(database_, Sql::kInsertRotation)
             .Text(name)
             .Text(ToString(rotation.origin))
             .Int(static_cast<std::int64_t>(rotation.from_generation))
             .Int(epoch)
             .Time(rotation.started_at)
             .Do();
  if (!done) return done;
  rotation.id = sqlite3_last_insert_rowid(database_.handle());
  Note(rotation);
  return Query(database_, Sql::kTrimRotations).Text(name).Do();
}

// ---- steps ----

Result<Rotation> RotationRows::Step(RotationId id, const RotationStep& step, Instant now) {
  Result<Rotation> rotation = Load(id);
  if (!rotation) return rotation;
  rotation->changed_at = now;
  Status done = CheckStep(*rotation, step);
  if (done) done = WriteStep(*rotation, step);
  if (!done) return tl::unexpected<Error>(done.error());
  return rotation;
}

Status RotationRows::CheckStep(const Rotation& rotation, const RotationStep& step) {
  if (!CanFollow(rotation.state, step.to)) {
    return Stale(Named(rotation) + " stands at " + std::string(ToString(rotation.state)) +
                 ", which " + std::string(ToString(step.to)) + " does not follow");
  }
  if ((step.to == RotationState::kReceived && !step.reply) ||
      (step.to == RotationState::kCandidate && !step.candidate) ||
      step.to == RotationState::kCurrent) {
    return MakeError(ErrorKind::kInvalidArgument, "incomplete_step",
                     Named(rotation) + " cannot step to " + std::string(ToString(step.to)) +
                         " without what the step is about");
  }
  Result<bool> busy = HasOtherUnfinished(rotation);
  if (!busy) return tl::unexpected<Error>(busy.error());
  if (*busy) return InFlight(rotation.credential);
  return {};
}

Status RotationRows::WriteStep(Rotation& rotation, const RotationStep& step) {
  Result<std::optional<std::string>> reply = SealPart("reply", rotation, step.reply);
  if (!reply) return tl::unexpected<Error>(reply.error());
  Result<std::optional<std::string>> candidate = SealPart("candidate", rotation, step.candidate);
  if (!candidate) return tl::unexpected<Error>(candidate.error());
  rotation.state = step.to;
  rotation.note = step.note;
  if (*reply) rotation.has_reply = true;
  if (*candidate) {
    rotation.has_candidate = true;
    rotation.candidate_fingerprint = step.candidate_fingerprint;
  }
  Note(rotation);
  return Query(database_, Sql::kAdvanceRotation)
      .Int(rotation.id)
      .Text(ToString(step.to))
      .Int(IsUnfinished(step.to) ? 0 : 1)
      .Time(rotation.changed_at)
      .Text(step.note)
      .Blob(*reply)
      .Blob(*candidate)
      .Text(step.candidate_fingerprint.text)
      .Do();
}

// ---- proven → current ----

Result<Rotation> RotationRows::Promote(RotationId id, const CredentialState& state, Instant now) {
  Result<Rotation> rotation = Load(id);
  if (!rotation) return rotation;
  rotation->changed_at = now;
  const std::string& name = rotation->credential;
  Result<Held> held = ReadHeld(database_, name);
  if (!held) return tl::unexpected<Error>(held.error());
  const Generation next = held->generation + 1;
  if (rotation->state != RotationState::kProven || rotation->from_generation != held->generation ||
      state.generation != next || state.name != name) {
    return Stale(Named(*rotation) + ", at " + std::string(ToString(rotation->state)) +
                 ", cannot become generation " + std::to_string(state.generation) + " of " +
                 state.name + ": generation " + std::to_string(held->generation) + " is held");
  }
  rotation->to_generation = next;
  Status done = WriteGeneration(*rotation, state);
  if (done) {
    done = Query(database_, Sql::kPromoteRotation)
               .Time(now)
               .Int(static_cast<std::int64_t>(next))
               .Int(rotation->id)
               .Do();
  }
  // A newer proven value exists: no older reply and no refused candidate can be needed any more.
  if (done) done = Query(database_, Sql::kWipeRotations).Text(name).Do();
  if (!done) return tl::unexpected<Error>(done.error());
  rotation->state = RotationState::kCurrent;
  rotation->note.clear();
  rotation->has_reply = rotation->has_candidate = false;
  Note(*rotation);
  return rotation;
}

// The candidate as the credential's next generation, and the state that goes with it.
Status RotationRows::WriteGeneration(const Rotation& rotation, const CredentialState& state) {
  const std::string& name = rotation.credential;
  Result<Secret> value = Candidate(rotation.id);
  if (!value) return tl::unexpected<Error>(value.error());
  Result<std::string> sealed =
      sealer_.Seal(*value, GenerationContext(name, rotation.to_generation));
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  const auto number = static_cast<std::int64_t>(rotation.to_generation);
  const std::string& fingerprint = rotation.candidate_fingerprint.text;
  Status done = Query(database_, Sql::kInsertGeneration)
                    .Text(name)
                    .Int(number)
                    .Text(fingerprint)
                    .Text(ToString(rotation.origin))
                    .Time(rotation.changed_at)
                    .Blob(*sealed)
                    .Do();
  if (done) done = WriteState(database_, state);
  if (!done) return done;
  return Query(database_, Sql::kSaveGeneration)
      .Int(number)
      .Text(fingerprint)
      .Time(state.generation_since)
      .Text(ToString(state.origin))
      .Text(name)
      .Do();
}

}  // namespace tokenwarden::sqlite
