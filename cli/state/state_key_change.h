// What the command line does with an agent's state file: only while no agent uses it, or without
// taking it over.
#pragma once

#include <memory>
#include <string>

#include "agent/adapters/crypto/state_key.h"
#include "cli/commands/services.h"

namespace tokenwarden::cli {

// Seals the state under another key. Killed at any point, the state opens with the key that is in
// place or with the one beside it, and the same call again finishes the change.
//
// Without `new_key_file` the configured key file is replaced: KEY.next is made, the state sealed
// under it in one commit, then KEY.next renamed over KEY, the old key kept beside it.
Result<RekeyResult> ChangeStateKey(const RekeyRequest& request, const crypto::StateKey& old_key,
                                   Instant now);

// Equal to the agent's: under what the state says, else under the state key.
std::unique_ptr<Fingerprinter> FingerprintsOf(const crypto::StateKey& key,
                                              const std::string& state_path);

}  // namespace tokenwarden::cli
