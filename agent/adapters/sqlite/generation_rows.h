// The values of the credentials: what is held, what was, and the wiping of what is not needed any
// more. Not synchronised.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/adapters/sqlite/database.h"
#include "agent/ports/crypto.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::sqlite {

// What a credential holds now; zeros for an unknown one.
struct Held {
  Generation generation = 0;
  std::uint64_t epoch = 0;
};
Result<Held> ReadHeld(Database& database, const std::string& credential);

Result<Secret> ReadValue(Database& database, Sealer& sealer, const std::string& credential,
                         Generation generation);
Result<std::vector<StoredGeneration>> ReadGenerations(Database& database,
                                                      const std::string& credential);
// Inside a commit. kInvalidArgument `would_lose_current`.
Status WipeGenerations(Database& database, const std::string& credential, Generation keep_from,
                       Instant now);

}  // namespace tokenwarden::sqlite
