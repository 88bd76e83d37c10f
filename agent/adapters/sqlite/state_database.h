// From a path and a key to a database that may be used: made, checked, migrated and known to be
// ours.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/adapters/sqlite/database.h"
#include "agent/ports/crypto.h"

namespace tokenwarden::sqlite {

// A known text sealed with the key at birth, so that a wrong key is refused before anything is read
// or written.
Status StoreKeyCheck(Database& database, Sealer& sealer);  // inside a commit
Status CheckKey(Database& database, Sealer& sealer);

// The file as it is, in WAL mode, its structure and schema version looked at; nothing is migrated
// and no key is tried.
Result<std::unique_ptr<Database>> OpenExisting(const std::string& path, const std::string& vfs);

// The caller holds the StateLock. Errors: see OpenStateStore.
Result<std::unique_ptr<Database>> OpenDatabase(const std::string& path, Sealer& sealer,
                                               const std::string& vfs);

// See StateStore::LoadFingerprintKey.
Result<std::optional<Secret>> ReadFingerprintKey(Database& database, Sealer& sealer);

}  // namespace tokenwarden::sqlite
