#include "agent/adapters/sqlite/rekey.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite/kept_reply.h"
#include "agent/adapters/sqlite/query.h"
#include "agent/adapters/sqlite/schema.h"
#include "agent/adapters/sqlite/sealed_parts.h"
#include "agent/adapters/sqlite/state_database.h"
#include "agent/adapters/sqlite/state_file.h"

namespace tokenwarden::sqlite {
namespace {

class Resealing {
 public:
  Resealing(Database& database, Sealer& old, Sealer& fresh, RekeyReport& report)
      : database_(database), old_(old), fresh_(fresh), report_(report) {}

  // Inside a commit.
  Status Run(const Secret& fingerprint_key) {
    Status done = FingerprintKey(fingerprint_key);
    if (done) done = Generations();
    if (done) done = Rotations();
    if (done) done = StoreKeyCheck(database_, fresh_);
    return done;
  }

 private:
  Status FingerprintKey(const Secret& so_far) {
    Result<std::optional<Secret>> stored = ReadFingerprintKey(database_, old_);
    if (!stored) return tl::unexpected<Error>(stored.error());
    Result<std::string> sealed = fresh_.Seal(*stored ? **stored : so_far, kFingerprintKeyContext);
    if (!sealed) return tl::unexpected<Error>(sealed.error());
    return Query(database_, Sql::kSaveFingerprintKey).Blob(*sealed).Do();
  }

  // Nothing for a blob that was damaged before.
  Result<std::optional<std::string>> Reseal(const std::string& blob, const std::string& context) {
    Result<Secret> value = old_.Open(blob, context);
    if (!value) {
      report_.damaged.push_back(context);
      return std::optional<std::string>();
    }
    Result<std::string> sealed = fresh_.Seal(*value, context);
    if (!sealed) return tl::unexpected<Error>(sealed.error());
    ++report_.resealed;
    return std::optional(std::move(*sealed));
  }

  Status Generations() {
    std::vector<std::pair<std::string, Generation>> places;
    {
      Query query(database_, Sql::kSealedGenerations);
      for (;;) {
        Result<bool> row = query.Next();
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) break;
        std::string credential = query.TakeText();
        places.emplace_back(std::move(credential), static_cast<Generation>(query.TakeInt()));
      }
    }
    for (const auto& [credential, generation] : places) {
      Status done = OneGeneration(credential, generation);
      if (!done) return done;
    }
    return {};
  }

  Status OneGeneration(const std::string& credential, Generation generation) {
    const auto number = static_cast<std::int64_t>(generation);
    std::string blob;
    {
      Query query(database_, Sql::kLoadValue);
      query.Text(credential).Int(number);
      Result<bool> row = query.Next();
      if (!row) return tl::unexpected<Error>(row.error());
      if (*row) blob = query.TakeText();
    }
    Result<std::optional<std::string>> sealed =
        Reseal(blob, GenerationContext(credential, generation));
    if (!sealed) return tl::unexpected<Error>(sealed.error());
    if (!*sealed) return {};
    return Query(database_, Sql::kReplaceGeneration)
        .Blob(*sealed)
        .Text(credential)
        .Int(number)
        .Do();
  }

  struct SealedRotation {
    std::int64_t id = 0;
    std::string credential;
    std::optional<std::string> reply;
    std::optional<std::string> candidate;
  };

  Status Rotations() {
    std::vector<SealedRotation> rotations;
    {
      Query query(database_, Sql::kSealedRotations);
      for (;;) {
        Result<bool> row = query.Next();
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) break;
        SealedRotation rotation;
        rotation.id = query.TakeInt();
        rotation.credential = query.TakeText();
        rotation.reply = query.TakeOptionalText();
        rotation.candidate = query.TakeOptionalText();
        rotations.push_back(std::move(rotation));
      }
    }
    for (const SealedRotation& rotation : rotations) {
      Status done = Part(rotation, "reply", rotation.reply, Sql::kReplaceReply);
      if (done) done = Part(rotation, "candidate", rotation.candidate, Sql::kReplaceCandidate);
      if (!done) return done;
    }
    return {};
  }

  Status Part(const SealedRotation& rotation, const char* part,
              const std::optional<std::string>& blob, Sql replace) {
    if (!blob) return {};
    Result<std::optional<std::string>> sealed =
        Reseal(*blob, RotationContext(part, rotation.id, rotation.credential));
    if (!sealed) return tl::unexpected<Error>(sealed.error());
    if (!*sealed) return {};
    return Query(database_, replace).Blob(*sealed).Int(rotation.id).Do();
  }

  Database& database_;
  Sealer& old_;
  Sealer& fresh_;
  RekeyReport& report_;
};

// Every row that changes may cost a page of the log.
Result<std::size_t> RoomFor(Database& database) {
  Result<std::int64_t> bytes = database.Number(
      "SELECT (SELECT coalesce(sum(length(sealed) + 4096), 0) FROM generations) +"
      " (SELECT coalesce(sum(coalesce(length(reply), 0) + coalesce(length(candidate), 0) + 8192),"
      " 0) FROM rotations)");
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  return static_cast<std::size_t>(*bytes) + std::size_t{64} * 1024;
}

// A reply that lies beside the database is sealed under the old key too, and only a start of the
// agent takes it up.
Status CheckNoKeptReply(const std::string& path) {
  Result<std::vector<KeptReply>> kept = FindKeptReplies(path);
  if (!kept) return tl::unexpected<Error>(kept.error());
  if (kept->empty()) return {};
  return MakeError(ErrorKind::kFailedPrecondition, "kept_reply",
                   "an issuer's reply that the database would not take lies in " +
                       kept->front().path + ", sealed under the key in force",
                   "start the agent once with that key, which takes it up; then run rekey again");
}

}  // namespace

Result<RekeyReport> Rekey(const std::string& path, Sealer& old, Sealer& fresh,
                          const Secret& fingerprint_key, const Options& options) {
  Status directory = CheckDirectory(path);
  if (!directory) return tl::unexpected<Error>(directory.error());
  Result<std::unique_ptr<StateLock>> lock = StateLock::Take(path);
  if (!lock) return tl::unexpected<Error>(lock.error());
  Result<bool> exists = CheckFile(path, kApplicationId);
  if (!exists) return tl::unexpected<Error>(exists.error());
  if (!*exists) {
    return MakeError(ErrorKind::kNotFound, "no_state", "there is no state at " + path + " yet",
                     "an agent makes it with the key that it is given; nothing to change");
  }
  if (Status free = CheckNoKeptReply(path); !free) return tl::unexpected<Error>(free.error());
  Result<std::unique_ptr<Database>> database = OpenExisting(path, options.vfs);
  if (!database) return tl::unexpected<Error>(database.error());
  RekeyReport report;
  report.was_done = CheckKey(**database, fresh).has_value();
  if (report.was_done) return report;
  Status ready = CheckKey(**database, old);
  if (ready) ready = Migrate(**database);
  if (!ready) return tl::unexpected<Error>(ready.error());
  Result<std::size_t> room = RoomFor(**database);
  if (!room) return tl::unexpected<Error>(room.error());
  Status done = (*database)->Commit(
      *room, [&] { return Resealing(**database, old, fresh, report).Run(fingerprint_key); });
  if (!done) return tl::unexpected<Error>(done.error());
  // Nothing sealed under the old key stays behind in the log.
  done = (*database)->Run("PRAGMA wal_checkpoint(TRUNCATE);");
  if (!done) return tl::unexpected<Error>(done.error());
  return report;
}

std::optional<Secret> PeekFingerprintKey(const std::string& path, Sealer& sealer) {
  const Result<bool> exists = CheckFile(path, kApplicationId);
  if (!exists || !*exists) return std::nullopt;
  Result<std::unique_ptr<Database>> database = Database::Open(path, "", Database::Mode::kPeek);
  if (!database) return std::nullopt;
  Result<std::optional<Secret>> key = ReadFingerprintKey(**database, sealer);
  return key ? std::move(*key) : std::nullopt;
}

}  // namespace tokenwarden::sqlite
