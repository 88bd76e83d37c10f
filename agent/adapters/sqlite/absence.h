// Credentials that left the configuration: noted, and forgotten with everything that belongs to
// them once they were absent for long.
#pragma once

#include <set>
#include <string>

#include "agent/adapters/sqlite/database.h"
#include "agent/core/time.h"

namespace tokenwarden::sqlite {

// Inside a commit.
Status WriteAbsence(Database& database, const std::set<std::string>& present, Seconds keep,
                    Instant now);

}  // namespace tokenwarden::sqlite
