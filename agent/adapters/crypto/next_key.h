// The file of a state key while another key takes its place.
//
// `KEY.next` holds the new key until the state is sealed under it; then it is renamed over KEY, and
// the old key stays beside it under the time it was used until: it opens older backups. KEY exists
// at every moment; whichever of KEY and KEY.next opens the state is the one in force.
#pragma once

#include <string>

#include "agent/adapters/crypto/state_key.h"
#include "agent/core/time.h"

namespace tokenwarden::crypto {

std::string NextKeyPath(const std::string& path);

// kNotFound `no_key_file` when there is none.
Result<StateKey> LoadNextKey(const std::string& path);
// The one that an interrupted change left, else a new one; durable when this returns.
Result<StateKey> MakeNextKey(const std::string& path);
// Puts KEY.next in the place of KEY, durably. Returns where the old key is now.
Result<std::string> TakeNextKey(const std::string& path, Instant now);

}  // namespace tokenwarden::crypto
