#include "agent/adapters/sqlite/absence.h"

#include <optional>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite/query.h"

namespace tokenwarden::sqlite {
namespace {

struct Change {
  std::string name;
  std::optional<Instant> since;
  bool forget;
};

Result<std::vector<Change>> ChangesFor(Database& database, const std::set<std::string>& present,
                                       Seconds keep, Instant now) {
  std::vector<Change> changes;
  Query query(database, Sql::kLoadAbsence);
  for (;;) {
    Result<bool> row = query.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return changes;
    std::string name = query.TakeText();
    const std::optional<Instant> since = query.TakeTime();
    const bool here = present.count(name) != 0;
    if (here && since) {
      changes.push_back({std::move(name), std::nullopt, false});
    } else if (!here && !since) {
      changes.push_back({std::move(name), now, false});
    } else if (!here && *since < now - keep) {
      changes.push_back({std::move(name), since, true});
    }
  }
}

}  // namespace

Status WriteAbsence(Database& database, const std::set<std::string>& present, Seconds keep,
                    Instant now) {
  Result<std::vector<Change>> changes = ChangesFor(database, present, keep, now);
  if (!changes) return tl::unexpected<Error>(changes.error());
  for (const Change& change : *changes) {
    Query query(database, change.forget ? Sql::kForgetCredential : Sql::kSaveAbsence);
    if (!change.forget) query.Time(change.since);
    Status done = query.Text(change.name).Do();
    if (!done) return done;
  }
  return {};
}

}  // namespace tokenwarden::sqlite
