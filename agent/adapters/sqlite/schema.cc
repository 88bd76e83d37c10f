#include "agent/adapters/sqlite/schema.h"

#include <iterator>
#include <string>

namespace tokenwarden::sqlite {
namespace {

// Times are Unix seconds. Columns named `sealed`, `reply` and `candidate` are encrypted; all others
// may be read with the sqlite3 tool.
constexpr char kVersion1[] = R"sql(
CREATE TABLE meta (
  key TEXT PRIMARY KEY NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
  name TEXT PRIMARY KEY NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  fingerprint TEXT NOT NULL DEFAULT '',
  generation_since INTEGER,
  origin TEXT NOT NULL DEFAULT 'source',
  epoch INTEGER NOT NULL DEFAULT 0,
  conclusive TEXT,
  silence TEXT,
  inspect_last_at INTEGER,
  inspect_last_success_at INTEGER,
  inspect_failures INTEGER NOT NULL DEFAULT 0,
  inspect_not_before INTEGER,
  inspect_error TEXT NOT NULL DEFAULT '',
  inspect_error_reason TEXT NOT NULL DEFAULT '',
  renew_last_at INTEGER,
  renew_last_success_at INTEGER,
  renew_failures INTEGER NOT NULL DEFAULT 0,
  renew_not_before INTEGER,
  renew_error TEXT NOT NULL DEFAULT '',
  renew_error_reason TEXT NOT NULL DEFAULT '',
  operator_reason TEXT,
  operator_sentence TEXT,
  operator_since INTEGER,
  refused_fingerprint TEXT NOT NULL DEFAULT '',
  spec_digest TEXT NOT NULL DEFAULT '',
  absent_since INTEGER
) STRICT;

CREATE TABLE generations (
  credential TEXT NOT NULL REFERENCES credentials (name) ON DELETE CASCADE,
  generation INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  origin TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER,
  sealed BLOB,
  PRIMARY KEY (credential, generation)
) STRICT;

CREATE TABLE rotations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  credential TEXT NOT NULL REFERENCES credentials (name) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  state TEXT NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0,
  from_generation INTEGER NOT NULL,
  to_generation INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  candidate_fingerprint TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  reply BLOB,
  candidate BLOB
) STRICT;
CREATE INDEX rotations_of ON rotations (credential, id);
CREATE UNIQUE INDEX one_unfinished_rotation ON rotations (credential) WHERE finished = 0;

CREATE TABLE sinks (
  credential TEXT NOT NULL REFERENCES credentials (name) ON DELETE CASCADE,
  target TEXT NOT NULL,
  generation INTEGER NOT NULL,
  verified_at INTEGER,
  drifted INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  last_attempt_at INTEGER,
  last_error TEXT NOT NULL,
  last_error_reason TEXT NOT NULL,
  PRIMARY KEY (credential, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE notifications (
  credential TEXT NOT NULL REFERENCES credentials (name) ON DELETE CASCADE,
  target TEXT NOT NULL,
  generation INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (credential, target, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  credential TEXT NOT NULL,
  event TEXT NOT NULL,
  sentence TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of ON audit (credential, id);

CREATE VIEW status AS
SELECT name, generation, fingerprint,
  datetime(generation_since, 'unixepoch') AS current_since,
  coalesce(conclusive ->> 'verdict', 'pending') AS verdict,
  conclusive ->> 'reason' AS reason,
  datetime(conclusive ->> '$.facts.expires_at', 'unixepoch') AS expires_at,
  datetime(inspect_last_success_at, 'unixepoch') AS last_check,
  (SELECT state FROM rotations WHERE credential = name AND finished = 0) AS rotation,
  operator_sentence AS operator_need
FROM credentials;
)sql";

// Every step of a rotation with its time and note, as [["intent", 1795262400, ""], …].
constexpr char kVersion2[] = R"sql(
ALTER TABLE rotations ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';
ALTER TABLE credentials ADD COLUMN reply_lost_at INTEGER;
)sql";

// Row i leads from version i to version i + 1.
constexpr const char* kMigrations[] = {kVersion1, kVersion2};

}  // namespace

int NewestSchema() { return static_cast<int>(std::size(kMigrations)); }

Status CheckSchema(Database& database) {
  Result<std::int64_t> version = database.Number("PRAGMA user_version");
  if (!version) return tl::unexpected<Error>(version.error());
  if (*version >= 0 && *version <= NewestSchema()) return {};
  return MakeError(ErrorKind::kFailedPrecondition, "newer_schema",
                   "the state file " + database.path() + " has schema version " +
                       std::to_string(*version) + ", and this program knows versions up to " +
                       std::to_string(NewestSchema()),
                   "run the newer tokenwarden-agent that wrote it, or restore a backup made "
                   "before the upgrade; nothing was changed");
}

Status Migrate(Database& database) {
  Status known = CheckSchema(database);
  if (!known) return known;
  Result<std::int64_t> version = database.Number("PRAGMA user_version");
  if (!version) return tl::unexpected<Error>(version.error());
  const int newest = NewestSchema();
  if (*version == newest) return {};
  return database.Commit(64 * 1024, [&]() -> Status {
    for (std::int64_t next = *version; next < newest; ++next) {
      Status done = database.Run(kMigrations[next]);
      if (!done) return done;
    }
    return database.Run(("PRAGMA user_version = " + std::to_string(newest)).c_str());
  });
}

}  // namespace tokenwarden::sqlite
