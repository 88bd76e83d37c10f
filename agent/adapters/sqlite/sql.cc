#include "agent/adapters/sqlite/sql.h"

#include <iterator>

namespace tokenwarden::sqlite {
namespace {

#define TW_ROTATION_COLUMNS                                                            \
  "id, credential, origin, state, from_generation, to_generation, epoch, started_at, " \
  "changed_at, reply IS NOT NULL, candidate IS NOT NULL, candidate_fingerprint, note, steps"

#define TW_STATE_COLUMNS                                                                        \
  "name, generation, fingerprint, generation_since, origin, conclusive, silence,"               \
  " inspect_last_at, inspect_last_success_at, inspect_failures, inspect_not_before,"            \
  " inspect_error, inspect_error_reason, renew_last_at, renew_last_success_at, renew_failures," \
  " renew_not_before, renew_error, renew_error_reason, operator_reason, operator_sentence,"     \
  " operator_since, refused_fingerprint, spec_digest, reply_lost_at,"                           \
  " (SELECT state FROM rotations WHERE credential = name AND finished = 0)"

#define TW_SINK_COLUMNS                                                              \
  "credential, target, generation, verified_at, drifted, failures, last_attempt_at," \
  " last_error, last_error_reason"

// The newest step at the end of the list; of 32 the second oldest makes room.
#define TW_STEPS_AND(state, at, note)                              \
  "json_insert(CASE WHEN json_array_length(steps) < 32 THEN steps" \
  " ELSE json_remove(steps, '$[1]') END, '$[#]', json_array(" state ", " at ", " note "))"

struct Row {
  Sql which;
  const char* text;
};

constexpr Row kTable[] = {
    {Sql::kSaveKeyCheck, "INSERT OR REPLACE INTO meta (key, sealed) VALUES ('key_check', ?)"},
    {Sql::kLoadKeyCheck, "SELECT sealed FROM meta WHERE key = 'key_check'"},
    {Sql::kSaveFingerprintKey,
     "INSERT OR REPLACE INTO meta (key, sealed) VALUES ('fingerprint_key', ?)"},
    {Sql::kLoadFingerprintKey, "SELECT sealed FROM meta WHERE key = 'fingerprint_key'"},
    {Sql::kKnowCredential, "INSERT OR IGNORE INTO credentials (name) VALUES (?)"},
    {Sql::kLoadStates, "SELECT " TW_STATE_COLUMNS " FROM credentials ORDER BY name"},
    {Sql::kLoadSinks, "SELECT " TW_SINK_COLUMNS " FROM sinks ORDER BY credential, target"},
    {Sql::kLoadState, "SELECT " TW_STATE_COLUMNS " FROM credentials WHERE name = ?"},
    {Sql::kLoadSinksOf,
     "SELECT " TW_SINK_COLUMNS " FROM sinks WHERE credential = ? ORDER BY target"},
    {Sql::kLoadCredential, "SELECT generation, epoch FROM credentials WHERE name = ?"},
    {Sql::kSaveState,
     "INSERT INTO credentials (name, conclusive, silence,"
     " inspect_last_at, inspect_last_success_at, inspect_failures, inspect_not_before,"
     " inspect_error, inspect_error_reason, renew_last_at, renew_last_success_at, renew_failures,"
     " renew_not_before, renew_error, renew_error_reason, operator_reason, operator_sentence,"
     " operator_since, refused_fingerprint, spec_digest, reply_lost_at)"
     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
     " ON CONFLICT (name) DO UPDATE SET"
     " conclusive = excluded.conclusive, silence = excluded.silence,"
     " inspect_last_at = excluded.inspect_last_at,"
     " inspect_last_success_at = excluded.inspect_last_success_at,"
     " inspect_failures = excluded.inspect_failures,"
     " inspect_not_before = excluded.inspect_not_before,"
     " inspect_error = excluded.inspect_error,"
     " inspect_error_reason = excluded.inspect_error_reason,"
     " renew_last_at = excluded.renew_last_at,"
     " renew_last_success_at = excluded.renew_last_success_at,"
     " renew_failures = excluded.renew_failures,"
     " renew_not_before = excluded.renew_not_before,"
     " renew_error = excluded.renew_error,"
     " renew_error_reason = excluded.renew_error_reason,"
     " operator_reason = excluded.operator_reason,"
     " operator_sentence = excluded.operator_sentence,"
     " operator_since = excluded.operator_since,"
     " refused_fingerprint = excluded.refused_fingerprint,"
     " spec_digest = excluded.spec_digest, reply_lost_at = excluded.reply_lost_at"},
    {Sql::kSaveGeneration,
     "UPDATE credentials SET generation = ?, fingerprint = ?, generation_since = ?, origin = ?"
     " WHERE name = ?"},
    {Sql::kSaveEpoch, "UPDATE credentials SET epoch = ? WHERE name = ?"},
    {Sql::kSaveSink,
     "INSERT OR REPLACE INTO sinks (credential, target, generation, verified_at, drifted,"
     " failures, last_attempt_at, last_error, last_error_reason)"
     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {Sql::kForgetSink, "DELETE FROM sinks WHERE credential = ? AND target = ?"},
    {Sql::kLoadAbsence, "SELECT name, absent_since FROM credentials"},
    {Sql::kSaveAbsence, "UPDATE credentials SET absent_since = ? WHERE name = ?"},
    {Sql::kForgetCredential, "DELETE FROM credentials WHERE name = ?"},
    {Sql::kLoadValue, "SELECT sealed FROM generations WHERE credential = ? AND generation = ?"},
    {Sql::kLoadGenerations,
     "SELECT generation, fingerprint, origin, created_at, retired_at IS NOT NULL"
     " FROM generations WHERE credential = ? ORDER BY generation"},
    {Sql::kInsertGeneration,
     "INSERT INTO generations (credential, generation, fingerprint, origin, created_at, sealed)"
     " VALUES (?, ?, ?, ?, ?, ?)"},
    {Sql::kRetireGenerations,
     "UPDATE generations SET sealed = NULL, retired_at = ?"
     " WHERE credential = ? AND generation < ? AND retired_at IS NULL"},
    // A refused candidate waits for the operator however long that takes.
    {Sql::kTrimRotations,
     "DELETE FROM rotations WHERE credential = ?1 AND finished = 1 AND state <> 'refused'"
     " AND id <= (SELECT id FROM rotations WHERE credential = ?1 ORDER BY id DESC"
     " LIMIT 1 OFFSET 50)"},
    {Sql::kInsertRotation,
     "INSERT INTO rotations (credential, origin, state, from_generation, epoch, started_at,"
     " changed_at, steps)"
     " VALUES (?1, ?2, 'intent', ?3, ?4, ?5, ?5, json_array(json_array('intent', ?5, '')))"},
    {Sql::kLoadRotation, "SELECT " TW_ROTATION_COLUMNS " FROM rotations WHERE id = ?"},
    {Sql::kLoadUnfinished,
     "SELECT " TW_ROTATION_COLUMNS " FROM rotations WHERE finished = 0 ORDER BY id"},
    {Sql::kLoadUnfinishedOf,
     "SELECT id, state FROM rotations WHERE credential = ? AND finished = 0"},
    {Sql::kLoadLatest, "SELECT " TW_ROTATION_COLUMNS
                       " FROM rotations WHERE credential = ? ORDER BY finished, id DESC LIMIT 1"},
    {Sql::kLoadRefused,
     "SELECT " TW_ROTATION_COLUMNS " FROM rotations WHERE credential = ? AND state = 'refused'"
     " AND candidate IS NOT NULL ORDER BY id DESC"},
    {Sql::kLoadReply, "SELECT reply, credential FROM rotations WHERE id = ?"},
    {Sql::kLoadCandidate, "SELECT candidate, credential FROM rotations WHERE id = ?"},
    {Sql::kAdvanceRotation,
     "UPDATE rotations SET state = ?2, finished = ?3, changed_at = ?4, note = ?5,"
     " reply = coalesce(?6, reply), candidate = coalesce(?7, candidate),"
     " candidate_fingerprint = CASE WHEN ?7 IS NULL THEN candidate_fingerprint ELSE ?8 END,"
     " steps = " TW_STEPS_AND("?2", "?4", "?5") " WHERE id = ?1"},
    {Sql::kPromoteRotation,
     "UPDATE rotations SET state = 'current', finished = 0, changed_at = ?1, to_generation = ?2,"
     " note = '', steps = " TW_STEPS_AND("'current'", "?1", "''") " WHERE id = ?3"},
    {Sql::kWipeRotations,
     "UPDATE rotations SET reply = NULL, candidate = NULL"
     " WHERE credential = ? AND (reply IS NOT NULL OR candidate IS NOT NULL)"},
    {Sql::kClaimNotification,
     "INSERT OR IGNORE INTO notifications (credential, target, generation, at)"
     " VALUES (?, ?, ?, ?)"},
    {Sql::kInsertAudit, "INSERT INTO audit (at, credential, event, sentence) VALUES (?, ?, ?, ?)"},
    {Sql::kTrimAudit,
     "DELETE FROM audit WHERE credential = ?1 AND id <= (SELECT id FROM audit"
     " WHERE credential = ?1 ORDER BY id DESC LIMIT 1 OFFSET 1000)"},
    {Sql::kLoadAudit, "SELECT at, credential, event, sentence FROM audit ORDER BY id DESC LIMIT ?"},
    {Sql::kLoadAuditOf,
     "SELECT at, credential, event, sentence FROM audit WHERE credential = ?2"
     " ORDER BY id DESC LIMIT ?1"},
    {Sql::kSealedGenerations,
     "SELECT credential, generation FROM generations WHERE sealed IS NOT NULL"},
    {Sql::kReplaceGeneration,
     "UPDATE generations SET sealed = ?1 WHERE credential = ?2 AND generation = ?3"},
    {Sql::kSealedRotations,
     "SELECT id, credential, reply, candidate FROM rotations"
     " WHERE reply IS NOT NULL OR candidate IS NOT NULL"},
    {Sql::kReplaceReply, "UPDATE rotations SET reply = ?1 WHERE id = ?2"},
    {Sql::kReplaceCandidate, "UPDATE rotations SET candidate = ?1 WHERE id = ?2"},
};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kSqlCount; ++i) {
    if (static_cast<std::size_t>(kTable[i].which) != i) return false;
  }
  return std::size(kTable) == kSqlCount;
}
static_assert(InOrder(), "one row per statement, in the order of the enumeration");

}  // namespace

const char* TextOf(Sql which) { return kTable[static_cast<std::size_t>(which)].text; }

}  // namespace tokenwarden::sqlite
