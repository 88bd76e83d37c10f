// From a path and a key to a database that may be used: made, checked, migrated and known to be
// ours.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/adapters/sqlite/database.h"
#include "agent/ports/crypto.h"

namespace tokenwarden::sqlite {

// The caller holds the StateLock. Errors: see OpenStateStore.
Result<std::unique_ptr<Database>> OpenDatabase(const std::string& path, Sealer& sealer,
                                               const std::string& vfs);

// See StateStore::LoadFingerprintKey.
Result<std::optional<Secret>> ReadFingerprintKey(Database& database, Sealer& sealer);

}  // namespace tokenwarden::sqlite
