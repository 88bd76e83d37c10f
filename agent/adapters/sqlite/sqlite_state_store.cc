#include "agent/adapters/sqlite/sqlite_state_store.h"

#include <mutex>
#include <set>
#include <utility>

#include "agent/adapters/sqlite/credential_rows.h"
#include "agent/adapters/sqlite/database.h"
#include "agent/adapters/sqlite/query.h"
#include "agent/adapters/sqlite/state_database.h"
#include "agent/adapters/sqlite/state_file.h"

namespace tokenwarden::sqlite {
namespace {

// What a sealed blob adds at most to its value.
constexpr std::size_t kSealRoom = 64;
// A reservation that has no rotation id yet. One call at a time, so there is one at most.
constexpr std::int64_t kNewReservation = -1;

// The context binds a blob to its place: moved to another row it does not open.
std::string GenerationContext(const std::string& credential, Generation generation) {
  return "generation/" + std::to_string(generation) + "/" + credential;
}
std::string RotationContext(const char* part, RotationId id, const std::string& credential) {
  return "rotation/" + std::to_string(id) + "/" + part + "/" + credential;
}

tl::unexpected<Error> Stale(const std::string& message) {
  return MakeError(ErrorKind::kAborted, "stale", message, "load the state again and decide anew");
}
tl::unexpected<Error> InFlight(const std::string& credential) {
  return MakeError(ErrorKind::kAborted, "in_flight",
                   "another rotation of " + credential + " is unfinished",
                   "see where it stands: tokenwarden explain " + credential);
}

class SqliteStateStore final : public StateStore {
 public:
  SqliteStateStore(std::unique_ptr<StateLock> lock, std::unique_ptr<Database> database,
                   Sealer& sealer, Seconds keep_absent)
      : lock_(std::move(lock)),
        database_(std::move(database)),
        sealer_(sealer),
        keep_absent_(keep_absent) {}

  Result<std::vector<CredentialState>> LoadStates() override {
    std::vector<CredentialState> states;
    Status visited =
        VisitStates([&](CredentialState state) { states.push_back(std::move(state)); });
    if (!visited) return tl::unexpected<Error>(visited.error());
    return states;
  }
  Status VisitStates(const std::function<void(CredentialState)>& visit) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return ReadStates(*database_, visit);
  }
  Result<std::optional<CredentialState>> LoadState(const std::string& credential) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return ReadState(*database_, credential);
  }

  Status SaveState(const CredentialState& state) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return database_->Commit(kStateRoom, [&] { return WriteState(*database_, state); });
  }

  Status SaveSink(const std::string& credential, const SinkState& sink) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return database_->Commit(kStateRoom, [&] { return WriteSink(*database_, credential, sink); });
  }

  Status MarkAbsent(const std::vector<std::string>& present, Instant now) override;
  Result<Secret> LoadValue(const std::string& credential, Generation generation) override;
  Result<std::vector<StoredGeneration>> LoadGenerations(const std::string& credential) override;
  Result<Rotation> Begin(const std::string& credential, Origin origin, Generation from,
                         std::uint64_t epoch, Instant now, std::size_t reserve_bytes) override;
  Result<Rotation> Advance(RotationId id, RotationStep step, Instant now) override;
  Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now) override;
  Status Retire(const std::string& credential, Generation keep_from, Instant now) override;
  Result<std::vector<Rotation>> LoadUnfinished() override;
  Result<std::optional<Rotation>> LoadLatestRotation(const std::string& credential) override;

  Result<Secret> LoadReply(RotationId id) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return OpenPart(Sql::kLoadReply, "reply", id);
  }
  Result<Secret> LoadCandidate(RotationId id) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return OpenPart(Sql::kLoadCandidate, "candidate", id);
  }

  Result<bool> ClaimNotification(const std::string& credential, const std::string& target,
                                 Generation generation, Instant now) override;
  Status Audit(const AuditEntry& entry) override;
  Result<std::vector<AuditEntry>> LoadAudit(const std::string& credential, int newest) override;

 private:
  static constexpr std::size_t kStateRoom = 16 * 1024;

  struct Held {
    Generation generation = 0;
    std::uint64_t epoch = 0;
  };
  Result<Held> Holds(const std::string& credential);
  Result<Rotation> Load(RotationId id);
  Result<bool> HasOtherUnfinished(const Rotation& rotation);
  Result<Secret> OpenPart(Sql which, const char* part, RotationId id);
  Result<std::optional<std::string>> SealPart(const char* part, const Rotation& rotation,
                                              const std::optional<Secret>& value);
  Status WriteBegin(Rotation& rotation);
  Status WriteStep(Rotation& rotation, const RotationStep& step);
  Status WritePromotion(Rotation& rotation, const CredentialState& state);
  Status WriteAbsence(const std::set<std::string>& present, Instant now);

  const std::unique_ptr<StateLock> lock_;  // let go of after the database is closed
  const std::unique_ptr<Database> database_;
  Sealer& sealer_;
  const Seconds keep_absent_;
  std::mutex mutex_;
};

// ---- absence ----

Status SqliteStateStore::MarkAbsent(const std::vector<std::string>& present, Instant now) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const std::set<std::string> names(present.begin(), present.end());
  return database_->Commit(kStateRoom, [&] { return WriteAbsence(names, now); });
}

Status SqliteStateStore::WriteAbsence(const std::set<std::string>& present, Instant now) {
  struct Change {
    std::string name;
    std::optional<Instant> since;
    bool forget;
  };
  std::vector<Change> changes;
  {
    Query query(*database_, Sql::kLoadAbsence);
    for (;;) {
      Result<bool> row = query.Next();
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) break;
      std::string name = query.TakeText();
      const std::optional<Instant> since = query.TakeTime();
      const bool here = present.count(name) != 0;
      if (here && since) changes.push_back({std::move(name), std::nullopt, false});
      if (!here && !since) changes.push_back({std::move(name), now, false});
      if (!here && since && *since < now - keep_absent_) {
        changes.push_back({std::move(name), since, true});
      }
    }
  }
  for (const Change& change : changes) {
    Query query(*database_, change.forget ? Sql::kForgetCredential : Sql::kSaveAbsence);
    if (!change.forget) query.Time(change.since);
    Status done = query.Text(change.name).Do();
    if (!done) return done;
  }
  return {};
}

// ---- generations ----

Result<Secret> SqliteStateStore::LoadValue(const std::string& credential, Generation generation) {
  const std::lock_guard<std::mutex> guard(mutex_);
  Query query(*database_, Sql::kLoadValue);
  query.Text(credential).Int(static_cast<std::int64_t>(generation));
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  const std::string place = "generation " + std::to_string(generation) + " of " + credential;
  if (!*row) return MakeError(ErrorKind::kNotFound, "no_value", "there is no " + place);
  const std::optional<std::string> sealed = query.TakeOptionalText();
  if (!sealed) return MakeError(ErrorKind::kNotFound, "retired", place + " was retired");
  Result<Secret> value = sealer_.Open(*sealed, GenerationContext(credential, generation));
  if (!value) value.error().message += " (" + place + ")";
  return value;
}

Result<std::vector<StoredGeneration>> SqliteStateStore::LoadGenerations(
    const std::string& credential) {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::vector<StoredGeneration> stored;
  Query query(*database_, Sql::kLoadGenerations);
  query.Text(credential);
  for (;;) {
    Result<bool> row = query.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return stored;
    StoredGeneration generation;
    generation.generation = static_cast<Generation>(query.TakeInt());
    generation.fingerprint.text = query.TakeText();
    const std::optional<Origin> origin = ParseOrigin(query.TakeText());
    if (!origin) return DamagedRow("a generation of " + credential);
    generation.origin = *origin;
    generation.created_at = FromUnix(query.TakeInt());
    generation.retired = query.TakeBool();
    stored.push_back(std::move(generation));
  }
}

Status SqliteStateStore::Retire(const std::string& credential, Generation keep_from, Instant now) {
  const std::lock_guard<std::mutex> guard(mutex_);
  return database_->Commit(0, [&]() -> Status {
    Result<Held> held = Holds(credential);
    if (!held) return tl::unexpected<Error>(held.error());
    if (keep_from > held->generation) {
      return MakeError(ErrorKind::kInvalidArgument, "would_lose_current",
                       "retiring every value of " + credential + " below generation " +
                           std::to_string(keep_from) + " would lose the current one, " +
                           std::to_string(held->generation));
    }
    return Query(*database_, Sql::kRetireGenerations)
        .Time(now)
        .Text(credential)
        .Int(static_cast<std::int64_t>(keep_from))
        .Do();
  });
}

// ---- rotations ----

Result<SqliteStateStore::Held> SqliteStateStore::Holds(const std::string& credential) {
  Query query(*database_, Sql::kLoadCredential);
  query.Text(credential);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return Held{};
  Held held;
  held.generation = static_cast<Generation>(query.TakeInt());
  held.epoch = static_cast<std::uint64_t>(query.TakeInt());
  return held;
}

Result<Rotation> SqliteStateStore::Load(RotationId id) {
  Query query(*database_, Sql::kLoadRotation);
  query.Int(id);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) {
    return MakeError(ErrorKind::kNotFound, "no_rotation",
                     "there is no rotation " + std::to_string(id));
  }
  return TakeRotation(query);
}

Result<bool> SqliteStateStore::HasOtherUnfinished(const Rotation& rotation) {
  Query query(*database_, Sql::kLoadUnfinishedOf);
  query.Text(rotation.credential);
  Result<bool> row = query.Next();
  if (!row) return row;
  return *row && query.TakeInt() != rotation.id;
}

Result<Secret> SqliteStateStore::OpenPart(Sql which, const char* part, RotationId id) {
  Query query(*database_, which);
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

Result<std::optional<std::string>> SqliteStateStore::SealPart(const char* part,
                                                              const Rotation& rotation,
                                                              const std::optional<Secret>& value) {
  if (!value) return std::optional<std::string>();
  Result<std::string> sealed =
      sealer_.Seal(*value, RotationContext(part, rotation.id, rotation.credential));
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  return std::optional(std::move(*sealed));
}

Result<Rotation> SqliteStateStore::Begin(const std::string& credential, Origin origin,
                                         Generation from, std::uint64_t epoch, Instant now,
                                         std::size_t reserve_bytes) {
  const std::lock_guard<std::mutex> guard(mutex_);
  Rotation rotation;
  rotation.credential = credential;
  rotation.origin = origin;
  rotation.from_generation = from;
  rotation.epoch = epoch;
  rotation.started_at = rotation.changed_at = now;
  Status room = database_->Reserve(kNewReservation, reserve_bytes + kSealRoom);
  if (!room) return tl::unexpected<Error>(room.error());
  Status begun = database_->Commit(0, [&] { return WriteBegin(rotation); });
  if (!begun) {
    database_->Release(kNewReservation);
    return tl::unexpected<Error>(begun.error());
  }
  database_->Rename(kNewReservation, rotation.id);
  return rotation;
}

Status SqliteStateStore::WriteBegin(Rotation& rotation) {
  const std::string& name = rotation.credential;
  Status done = Query(*database_, Sql::kKnowCredential).Text(name).Do();
  if (!done) return done;
  Result<bool> busy = HasOtherUnfinished(rotation);
  if (!busy) return tl::unexpected<Error>(busy.error());
  if (*busy) return InFlight(name);
  Result<Held> held = Holds(name);
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
  done = Query(*database_, Sql::kSaveEpoch).Int(epoch).Text(name).Do();
  if (!done) return done;
  done = Query(*database_, Sql::kInsertRotation)
             .Text(name)
             .Text(ToString(rotation.origin))
             .Int(static_cast<std::int64_t>(rotation.from_generation))
             .Int(epoch)
             .Time(rotation.started_at)
             .Do();
  if (!done) return done;
  rotation.id = sqlite3_last_insert_rowid(database_->handle());
  return Query(*database_, Sql::kTrimRotations).Text(name).Do();
}

Result<Rotation> SqliteStateStore::Advance(RotationId id, RotationStep step, Instant now) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const std::size_t bytes = (step.reply ? step.reply->size() + kSealRoom : 0) +
                            (step.candidate ? step.candidate->size() + kSealRoom : 0);
  Rotation rotation;
  const auto body = [&]() -> Status {
    Result<Rotation> loaded = Load(id);
    if (!loaded) return tl::unexpected<Error>(loaded.error());
    rotation = std::move(*loaded);
    rotation.changed_at = now;
    return WriteStep(rotation, step);
  };
  // The room that was kept is for what follows the request: the reply, or that there was none.
  Status done = step.to == RotationState::kRequested ? database_->Commit(bytes, body)
                                                     : database_->CommitReserved(id, bytes, body);
  if (!done) return tl::unexpected<Error>(done.error());
  if (step.to != RotationState::kRequested) database_->Release(id);
  return rotation;
}

Status SqliteStateStore::WriteStep(Rotation& rotation, const RotationStep& step) {
  const std::string place =
      "rotation " + std::to_string(rotation.id) + " of " + rotation.credential;
  if (!CanFollow(rotation.state, step.to)) {
    return Stale(place + " stands at " + std::string(ToString(rotation.state)) + ", which " +
                 std::string(ToString(step.to)) + " does not follow");
  }
  if ((step.to == RotationState::kReceived && !step.reply) ||
      (step.to == RotationState::kCandidate && !step.candidate) ||
      step.to == RotationState::kCurrent) {
    return MakeError(ErrorKind::kInvalidArgument, "incomplete_step",
                     place + " cannot step to " + std::string(ToString(step.to)) +
                         " without what the step is about");
  }
  Result<bool> busy = HasOtherUnfinished(rotation);
  if (!busy) return tl::unexpected<Error>(busy.error());
  if (*busy) return InFlight(rotation.credential);
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
  return Query(*database_, Sql::kAdvanceRotation)
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

Result<Rotation> SqliteStateStore::Promote(RotationId id, const CredentialState& state,
                                           Instant now) {
  const std::lock_guard<std::mutex> guard(mutex_);
  Rotation rotation;
  Status done = database_->Commit(kStateRoom, [&]() -> Status {
    Result<Rotation> loaded = Load(id);
    if (!loaded) return tl::unexpected<Error>(loaded.error());
    rotation = std::move(*loaded);
    rotation.changed_at = now;
    return WritePromotion(rotation, state);
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return rotation;
}

Status SqliteStateStore::WritePromotion(Rotation& rotation, const CredentialState& state) {
  const std::string& name = rotation.credential;
  Result<Held> held = Holds(name);
  if (!held) return tl::unexpected<Error>(held.error());
  const Generation next = held->generation + 1;
  if (rotation.state != RotationState::kProven || rotation.from_generation != held->generation ||
      state.generation != next || state.name != name) {
    return Stale("rotation " + std::to_string(rotation.id) + " of " + name + ", at " +
                 std::string(ToString(rotation.state)) + ", cannot become generation " +
                 std::to_string(state.generation) + " of " + state.name + ": generation " +
                 std::to_string(held->generation) + " is held");
  }
  Result<Secret> value = OpenPart(Sql::kLoadCandidate, "candidate", rotation.id);
  if (!value) return tl::unexpected<Error>(value.error());
  Result<std::string> sealed = sealer_.Seal(*value, GenerationContext(name, next));
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  const auto number = static_cast<std::int64_t>(next);
  const std::string& fingerprint = rotation.candidate_fingerprint.text;
  Status done = Query(*database_, Sql::kInsertGeneration)
                    .Text(name)
                    .Int(number)
                    .Text(fingerprint)
                    .Text(ToString(rotation.origin))
                    .Time(rotation.changed_at)
                    .Blob(*sealed)
                    .Do();
  if (done) done = WriteState(*database_, state);
  if (done) {
    done = Query(*database_, Sql::kSaveGeneration)
               .Int(number)
               .Text(fingerprint)
               .Time(state.generation_since)
               .Text(ToString(state.origin))
               .Text(name)
               .Do();
  }
  if (done) {
    done = Query(*database_, Sql::kPromoteRotation)
               .Time(rotation.changed_at)
               .Int(number)
               .Int(rotation.id)
               .Do();
  }
  // A newer proven value exists: no older reply and no refused candidate can be needed any more.
  if (done) done = Query(*database_, Sql::kWipeRotations).Text(name).Do();
  rotation.state = RotationState::kCurrent;
  rotation.to_generation = next;
  rotation.note.clear();
  rotation.has_reply = rotation.has_candidate = false;
  return done;
}

Result<std::vector<Rotation>> SqliteStateStore::LoadUnfinished() {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::vector<Rotation> unfinished;
  Query query(*database_, Sql::kLoadUnfinished);
  for (;;) {
    Result<bool> row = query.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return unfinished;
    Result<Rotation> rotation = TakeRotation(query);
    if (!rotation) return tl::unexpected<Error>(rotation.error());
    unfinished.push_back(std::move(*rotation));
  }
}

Result<std::optional<Rotation>> SqliteStateStore::LoadLatestRotation(
    const std::string& credential) {
  const std::lock_guard<std::mutex> guard(mutex_);
  Query query(*database_, Sql::kLoadLatest);
  query.Text(credential);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return std::optional<Rotation>();
  Result<Rotation> rotation = TakeRotation(query);
  if (!rotation) return tl::unexpected<Error>(rotation.error());
  return std::optional(std::move(*rotation));
}

// ---- notifications and audit ----

Result<bool> SqliteStateStore::ClaimNotification(const std::string& credential,
                                                 const std::string& target, Generation generation,
                                                 Instant now) {
  const std::lock_guard<std::mutex> guard(mutex_);
  bool first = false;
  Status done = database_->Commit(0, [&]() -> Status {
    Status known = Query(*database_, Sql::kKnowCredential).Text(credential).Do();
    if (!known) return known;
    Status claimed = Query(*database_, Sql::kClaimNotification)
                         .Text(credential)
                         .Text(target)
                         .Int(static_cast<std::int64_t>(generation))
                         .Time(now)
                         .Do();
    first = sqlite3_changes(database_->handle()) == 1;
    return claimed;
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return first;
}

Status SqliteStateStore::Audit(const AuditEntry& entry) {
  const std::lock_guard<std::mutex> guard(mutex_);
  return database_->Commit(entry.sentence.size(), [&]() -> Status {
    Status written = Query(*database_, Sql::kInsertAudit)
                         .Time(entry.at)
                         .Text(entry.credential)
                         .Text(entry.event)
                         .Text(entry.sentence)
                         .Do();
    if (!written) return written;
    return Query(*database_, Sql::kTrimAudit).Text(entry.credential).Do();
  });
}

Result<std::vector<AuditEntry>> SqliteStateStore::LoadAudit(const std::string& credential,
                                                            int newest) {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::vector<AuditEntry> entries;
  Query query(*database_, credential.empty() ? Sql::kLoadAudit : Sql::kLoadAuditOf);
  query.Int(newest);
  if (!credential.empty()) query.Text(credential);
  for (;;) {
    Result<bool> row = query.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return entries;
    AuditEntry entry;
    entry.at = FromUnix(query.TakeInt());
    entry.credential = query.TakeText();
    entry.event = query.TakeText();
    entry.sentence = query.TakeText();
    entries.push_back(std::move(entry));
  }
}

}  // namespace

Result<std::unique_ptr<StateStore>> OpenStateStore(const std::string& path, Sealer& sealer,
                                                   Options options) {
  Status directory = CheckDirectory(path);
  if (!directory) return tl::unexpected<Error>(directory.error());
  Result<std::unique_ptr<StateLock>> lock = StateLock::Take(path);
  if (!lock) return tl::unexpected<Error>(lock.error());
  Result<std::unique_ptr<Database>> database = OpenDatabase(path, sealer, options.vfs);
  if (!database) return tl::unexpected<Error>(database.error());
  return std::unique_ptr<StateStore>(std::make_unique<SqliteStateStore>(
      std::move(*lock), std::move(*database), sealer, options.keep_absent));
}

}  // namespace tokenwarden::sqlite
