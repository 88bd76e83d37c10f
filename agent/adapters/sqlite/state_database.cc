#include "agent/adapters/sqlite/state_database.h"

#include <utility>

#include "agent/adapters/sqlite/query.h"
#include "agent/adapters/sqlite/schema.h"
#include "agent/adapters/sqlite/sealed_parts.h"
#include "agent/adapters/sqlite/state_file.h"

namespace tokenwarden::sqlite {
namespace {

constexpr char kKeyCheck[] = "tokenwarden state key check";

Status Fill(const std::string& path, Sealer& sealer, const std::string& vfs) {
  Result<std::unique_ptr<Database>> database = Database::Open(path, vfs, Database::Mode::kCreate);
  if (!database) return tl::unexpected<Error>(database.error());
  const std::string mark = "PRAGMA application_id = " + std::to_string(kApplicationId);
  Status done = (*database)->Run(mark.c_str());
  if (done) done = Migrate(**database);
  if (!done) return done;
  return (*database)->Commit(kSealRoom + sizeof kKeyCheck,
                             [&] { return StoreKeyCheck(**database, sealer); });
}

// Structure only, and cheap beside the first inspection of what it holds. What it cannot see, a
// changed byte inside a value, is seen when the value is opened.
Status CheckStructure(Database& database) {
  Result<std::int64_t> problems =
      database.Number("SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'");
  if (problems && *problems == 0) return {};
  if (!problems && problems.error().reason != "damaged") {
    return tl::unexpected<Error>(problems.error());
  }
  return MakeError(ErrorKind::kDataLoss, "damaged",
                   "the state file " + database.path() + " is damaged; it was left as it is",
                   "keep the file, restore the newest backup, and see the guide on recovery");
}

}  // namespace

Status StoreKeyCheck(Database& database, Sealer& sealer) {
  Result<std::string> sealed = sealer.Seal(Secret(kKeyCheck), kKeyCheckContext);
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  return Query(database, Sql::kSaveKeyCheck).Blob(*sealed).Do();
}

Status CheckKey(Database& database, Sealer& sealer) {
  Query query(database, Sql::kLoadKeyCheck);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) {
    return MakeError(ErrorKind::kDataLoss, "damaged",
                     "the state file " + database.path() + " lacks its key check",
                     "restore the newest backup of the state file");
  }
  Result<Secret> opened = sealer.Open(query.TakeText(), kKeyCheckContext);
  if (opened && opened->EqualsInConstantTime(Secret(kKeyCheck))) return {};
  if (!opened && opened.error().reason != "wrong_key") {
    return tl::unexpected<Error>(opened.error());
  }
  return MakeError(
      ErrorKind::kFailedPrecondition, "wrong_key",
      "the state key is not the one that " + database.path() + " was made with",
      "set state.key to the key of this state (after `tokenwarden rekey` that is the new "
      "one), or state.path to a new file to begin without the stored values; "
      "nothing was changed");
}

Result<std::unique_ptr<Database>> OpenExisting(const std::string& path, const std::string& vfs) {
  Result<std::unique_ptr<Database>> database = Database::Open(path, vfs, Database::Mode::kOpen);
  if (!database) return database;
  Status ready = (*database)->UseWal();
  if (ready) ready = CheckStructure(**database);
  if (ready) ready = CheckSchema(**database);
  if (!ready) return tl::unexpected<Error>(ready.error());
  return database;
}

Result<std::unique_ptr<Database>> OpenDatabase(const std::string& path, Sealer& sealer,
                                               const std::string& vfs) {
  Result<bool> exists = CheckFile(path, kApplicationId);
  if (!exists) return tl::unexpected<Error>(exists.error());
  if (!*exists) {
    Status made =
        CreateFile(path, [&](const std::string& fresh) { return Fill(fresh, sealer, vfs); });
    if (!made) return tl::unexpected<Error>(made.error());
  }
  Result<std::unique_ptr<Database>> database = OpenExisting(path, vfs);
  if (!database) return database;
  Status ready = CheckKey(**database, sealer);
  if (ready) ready = Migrate(**database);
  if (!ready) return tl::unexpected<Error>(ready.error());
  return database;
}

Result<std::optional<Secret>> ReadFingerprintKey(Database& database, Sealer& sealer) {
  Query query(database, Sql::kLoadFingerprintKey);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return std::optional<Secret>();
  Result<Secret> key = sealer.Open(query.TakeText(), kFingerprintKeyContext);
  if (!key) return tl::unexpected<Error>(key.error());
  return std::optional(std::move(*key));
}

}  // namespace tokenwarden::sqlite
