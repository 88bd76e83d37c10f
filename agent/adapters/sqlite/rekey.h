// Sealing a state under another key.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/sqlite/sqlite_state_store.h"
#include "agent/core/secret.h"

namespace tokenwarden::sqlite {

struct RekeyReport {
  bool was_done = false;  // it was sealed under the fresh key already: nothing was changed
  std::size_t resealed = 0;
  // Blobs that do not open with the old key either: they were damaged before and stay as they are.
  std::vector<std::string> damaged;
};

// Seals every value, reply and candidate of PATH under `fresh`, in one commit: a process that is
// killed at any point leaves a state that opens with exactly one of both keys, whole. The state
// must not be in use. `fingerprint_key`: what fingerprints were keyed with so far, if the state
// does not say; it is kept, so that every value stays known. Errors as OpenStateStore; kNotFound
// `no_state`.
Result<RekeyReport> Rekey(const std::string& path, Sealer& old, Sealer& fresh,
                          const Secret& fingerprint_key, const Options& options = {});

// What fingerprints are keyed with, read without taking the state over; nullopt also when it cannot
// be read now.
std::optional<Secret> PeekFingerprintKey(const std::string& path, Sealer& sealer);

}  // namespace tokenwarden::sqlite
