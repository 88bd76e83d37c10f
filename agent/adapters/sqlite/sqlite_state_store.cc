#include "agent/adapters/sqlite/sqlite_state_store.h"

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "agent/adapters/sqlite/absence.h"
#include "agent/adapters/sqlite/credential_rows.h"
#include "agent/adapters/sqlite/database.h"
#include "agent/adapters/sqlite/generation_rows.h"
#include "agent/adapters/sqlite/journal_rows.h"
#include "agent/adapters/sqlite/kept_reply.h"
#include "agent/adapters/sqlite/rotation_rows.h"
#include "agent/adapters/sqlite/sealed_parts.h"
#include "agent/adapters/sqlite/state_database.h"
#include "agent/adapters/sqlite/state_file.h"

namespace tokenwarden::sqlite {
namespace {

// A reservation that has no rotation id yet. One call at a time, so there is one at most.
constexpr std::int64_t kNewReservation = -1;
constexpr std::size_t kStateRoom = 16 * 1024;

// What may enter SQLite and when something is durable; what the rows say is in the *_rows files.
class SqliteStateStore final : public StateStore {
 public:
  SqliteStateStore(std::unique_ptr<StateLock> lock, std::unique_ptr<Database> database,
                   Sealer& sealer, Seconds keep_absent)
      : lock_(std::move(lock)),
        database_(std::move(database)),
        sealer_(sealer),
        rotations_(*database_, sealer),
        keep_absent_(keep_absent) {}

  // What an earlier process could not put into the database.
  Status TakeUpKeptReplies();

  // ---- states ----

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
    return Commit(kStateRoom, [&] { return WriteState(*database_, state); });
  }
  Status SaveSink(const std::string& credential, const SinkState& sink) override {
    return Commit(kStateRoom, [&] { return WriteSink(*database_, credential, sink); });
  }
  Status ForgetSink(const std::string& credential, const std::string& target) override {
    return Commit(0, [&] { return sqlite::ForgetSink(*database_, credential, target); });
  }
  Status MarkAbsent(const std::vector<std::string>& present, Instant now) override {
    const std::set<std::string> names(present.begin(), present.end());
    return Commit(kStateRoom, [&] { return WriteAbsence(*database_, names, keep_absent_, now); });
  }

  // ---- generations ----

  Result<Secret> LoadValue(const std::string& credential, Generation generation) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return ReadValue(*database_, sealer_, credential, generation);
  }
  Result<std::vector<StoredGeneration>> LoadGenerations(const std::string& credential) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return ReadGenerations(*database_, credential);
  }
  Status Retire(const std::string& credential, Generation keep_from, Instant now) override {
    return Commit(0, [&] { return WipeGenerations(*database_, credential, keep_from, now); });
  }

  // ---- rotations ----

  Result<Rotation> Begin(const std::string& credential, Origin origin, Generation from,
                         std::uint64_t epoch, Instant now, std::size_t reserve_bytes) override;
  Result<Rotation> Advance(RotationId id, RotationStep step, Instant now) override;
  Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now) override;
  Result<std::vector<Rotation>> LoadUnfinished() override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return rotations_.Unfinished();
  }
  Result<std::optional<Rotation>> LoadLatestRotation(const std::string& credential) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return rotations_.Latest(credential);
  }
  Result<std::vector<Rotation>> LoadRefused(const std::string& credential) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return rotations_.Refused(credential);
  }
  Result<Secret> LoadReply(RotationId id) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return rotations_.Reply(id);
  }
  Result<Secret> LoadCandidate(RotationId id) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return rotations_.Candidate(id);
  }

  // ---- notifications, audit, keys ----

  Result<bool> ClaimNotification(const std::string& credential, const std::string& target,
                                 Generation generation, Instant now) override {
    return CommitResult<bool>(
        0, [&] { return WriteClaim(*database_, credential, target, generation, now); });
  }
  Status Audit(const AuditEntry& entry) override {
    return Commit(entry.sentence.size(), [&] { return WriteAudit(*database_, entry); });
  }
  Result<std::vector<AuditEntry>> LoadAudit(const std::string& credential, int newest) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return ReadAudit(*database_, credential, newest);
  }
  Result<std::optional<Secret>> LoadFingerprintKey() override {
    const std::lock_guard<std::mutex> guard(mutex_);
    return ReadFingerprintKey(*database_, sealer_);
  }

 private:
  void KeepAside(RotationId id, const Secret& reply, Error& error);
  Status Commit(std::size_t bytes, const std::function<Status()>& body) {
    const std::lock_guard<std::mutex> guard(mutex_);
    return database_->Commit(bytes, body);
  }
  // The body's answer, once it is durable.
  template <typename T, typename Body>
  Result<T> CommitResult(std::size_t bytes, Body body) {
    Result<T> answer = tl::unexpected<Error>(Error{});
    Status done = Commit(bytes, [&]() -> Status {
      answer = body();
      if (!answer) return tl::unexpected<Error>(answer.error());
      return {};
    });
    if (!done) return tl::unexpected<Error>(done.error());
    return answer;
  }

  const std::unique_ptr<StateLock> lock_;  // let go of after the database is closed
  const std::unique_ptr<Database> database_;
  Sealer& sealer_;
  RotationRows rotations_;
  const Seconds keep_absent_;
  std::map<RotationId, std::string> kept_;  // replies that lie beside the database, and where
  std::mutex mutex_;
};

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
  Status begun = database_->Commit(0, [&] { return rotations_.Begin(rotation); });
  if (!begun) {
    database_->Release(kNewReservation);
    return tl::unexpected<Error>(begun.error());
  }
  database_->Rename(kNewReservation, rotation.id);
  return rotation;
}

// A careless copy may hold the database file without its log. From the first value on it must not
// be taken for the state of an agent that knows nothing.
Result<Rotation> SqliteStateStore::Promote(RotationId id, const CredentialState& state,
                                           Instant now) {
  Result<Rotation> promoted =
      CommitResult<Rotation>(kStateRoom, [&] { return rotations_.Promote(id, state, now); });
  const std::lock_guard<std::mutex> guard(mutex_);
  if (promoted && state.generation == 1) database_->Checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  return promoted;
}

Result<Rotation> SqliteStateStore::Advance(RotationId id, RotationStep step, Instant now) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const std::size_t bytes = (step.reply ? step.reply->size() + kSealRoom : 0) +
                            (step.candidate ? step.candidate->size() + kSealRoom : 0);
  Rotation rotation;
  const auto body = [&]() -> Status {
    Result<Rotation> stepped = rotations_.Step(id, step, now);
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    rotation = std::move(*stepped);
    return {};
  };
  // The room that was kept is for what follows the request: the reply, or that there was none.
  Status done = step.to == RotationState::kRequested ? database_->Commit(bytes, body)
                                                     : database_->CommitReserved(id, bytes, body);
  if (!done) {
    if (step.reply && done.error().kind != ErrorKind::kAborted) {
      KeepAside(id, *step.reply, done.error());
    }
    return tl::unexpected<Error>(done.error());
  }
  if (step.to != RotationState::kRequested) database_->Release(id);
  const auto kept = kept_.find(id);
  if (step.reply && kept != kept_.end()) {
    ForgetKeptReply(kept->second);
    kept_.erase(kept);
  }
  return rotation;
}

// The database would not take a reply, which may be the only new value: it gets a file of its own.
void SqliteStateStore::KeepAside(RotationId id, const Secret& reply, Error& error) {
  if (kept_.count(id) != 0) return;
  Result<Rotation> rotation = rotations_.Load(id);
  if (!rotation) return;
  Result<std::string> sealed =
      sealer_.Seal(reply, RotationContext("reply", id, rotation->credential));
  if (!sealed) return;
  Result<std::string> path = KeepReply(database_->path(), id, *sealed);
  if (!path) return;
  error.message += "; the issuer's reply is safe in " + *path + ", and the next start takes it up";
  kept_[id] = std::move(*path);
}

Status SqliteStateStore::TakeUpKeptReplies() {
  Result<std::vector<KeptReply>> kept = FindKeptReplies(database_->path());
  if (!kept) return tl::unexpected<Error>(kept.error());
  for (const KeptReply& each : *kept) {
    Result<Rotation> rotation = rotations_.Load(each.id);
    if (!rotation) continue;  // of another state than this one: nobody's to remove
    if (CanFollow(rotation->state, RotationState::kReceived)) {
      Result<Secret> reply =
          sealer_.Open(each.sealed, RotationContext("reply", each.id, rotation->credential));
      if (!reply) {
        return MakeError(ErrorKind::kDataLoss, "damaged",
                         "the reply kept in " + each.path + " cannot be opened",
                         "it may hold the newest value: restore it, or move it away to start "
                         "without it");
      }
      RotationStep received;
      received.to = RotationState::kReceived;
      received.reply = std::move(*reply);
      Result<Rotation> stored = Advance(each.id, std::move(received), rotation->changed_at);
      if (!stored) return tl::unexpected<Error>(stored.error());
    }
    ForgetKeptReply(each.path);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StateStore>> OpenStateStore(const std::string& path, Sealer& sealer,
                                                   Options options) {
  Status directory = CheckDirectory(path);
  if (directory && options.allow_ephemeral.empty()) directory = CheckLifetime(path);
  if (!directory) return tl::unexpected<Error>(directory.error());
  Result<std::unique_ptr<StateLock>> lock = StateLock::Take(path);
  if (!lock) return tl::unexpected<Error>(lock.error());
  Result<std::unique_ptr<Database>> database = OpenDatabase(path, sealer, options.vfs);
  if (!database) return tl::unexpected<Error>(database.error());
  auto store = std::make_unique<SqliteStateStore>(std::move(*lock), std::move(*database), sealer,
                                                  options.keep_absent);
  Status taken_up = store->TakeUpKeptReplies();
  if (!taken_up) return tl::unexpected<Error>(taken_up.error());
  return std::unique_ptr<StateStore>(std::move(store));
}

}  // namespace tokenwarden::sqlite
