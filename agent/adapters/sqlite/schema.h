// The schema, its versions, and the way from each version to the next. Forward only.
#pragma once

#include <cstdint>

#include "agent/adapters/sqlite/database.h"

namespace tokenwarden::sqlite {

// `TWst`: marks a file as ours. Source: SQLite PRAGMA application_id.
inline constexpr std::int32_t kApplicationId = 0x54577374;
int NewestSchema();

// kFailedPrecondition `newer_schema` when a newer program wrote the file.
Status CheckSchema(Database& database);
// The same, then brings the file to NewestSchema() in one commit.
Status Migrate(Database& database);

}  // namespace tokenwarden::sqlite
