#include "agent/adapters/sqlite/journal_rows.h"

#include <utility>

#include "agent/adapters/sqlite/query.h"

namespace tokenwarden::sqlite {

Result<bool> WriteClaim(Database& database, const std::string& credential,
                        const std::string& target, Generation generation, Instant now) {
  Status done = Query(database, Sql::kKnowCredential).Text(credential).Do();
  if (done) {
    done = Query(database, Sql::kClaimNotification)
               .Text(credential)
               .Text(target)
               .Int(static_cast<std::int64_t>(generation))
               .Time(now)
               .Do();
  }
  if (!done) return tl::unexpected<Error>(done.error());
  return sqlite3_changes(database.handle()) == 1;
}

Status WriteAudit(Database& database, const AuditEntry& entry) {
  Status written = Query(database, Sql::kInsertAudit)
                       .Time(entry.at)
                       .Text(entry.credential)
                       .Text(entry.event)
                       .Text(entry.sentence)
                       .Do();
  if (!written) return written;
  return Query(database, Sql::kTrimAudit).Text(entry.credential).Do();
}

Result<std::vector<AuditEntry>> ReadAudit(Database& database, const std::string& credential,
                                          int newest) {
  std::vector<AuditEntry> entries;
  Query query(database, credential.empty() ? Sql::kLoadAudit : Sql::kLoadAuditOf);
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

}  // namespace tokenwarden::sqlite
