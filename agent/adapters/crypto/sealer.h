// Sealing at rest: AES-256-GCM under a key derived from the state key.
//
// Blob: version (1 byte, 0x01) · key id (8) · nonce (12) · ciphertext · tag (16). The key id is a
// hash of the derived key, so that a wrong key is told from damage. Version, key id (fixed lengths)
// and the context are authenticated beside the value. A random nonce per blob is safe for 2^32
// blobs of one key (NIST SP 800-38D, 8.3): hundreds of years of rotations here.
#pragma once

#include <memory>

#include "agent/adapters/crypto/state_key.h"
#include "agent/ports/crypto.h"

namespace tokenwarden::crypto {

inline constexpr std::size_t kSealOverhead = 1 + 8 + 12 + 16;

// Open() fails with kDataLoss and reason `wrong_key` (sealed under another key) or `damaged`.
// Sets up OpenSSL, about a millisecond: only the agent needs it.
std::unique_ptr<Sealer> MakeSealer(const StateKey& key);

}  // namespace tokenwarden::crypto
