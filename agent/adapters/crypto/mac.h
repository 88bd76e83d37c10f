// Message authentication and fingerprints. Both are thread-safe and need no set-up of OpenSSL.
#pragma once

#include <memory>

#include "agent/adapters/crypto/state_key.h"
#include "agent/ports/crypto.h"

namespace tokenwarden::crypto {

std::unique_ptr<Mac> MakeMac();

// `hmac:` and 16 hex digits, under a key derived from the state key for this purpose alone. A run
// without state takes MakeFingerprinter(RandomKey()): its fingerprints can be compared within that
// run only.
std::unique_ptr<Fingerprinter> MakeFingerprinter(const StateKey& key);

// The same under a key that outlived its state key (StateStore::LoadFingerprintKey).
std::unique_ptr<Fingerprinter> MakeFingerprinter(Secret fingerprint_key);
// What MakeFingerprinter(key) works with.
Secret FingerprintKeyOf(const StateKey& key);

}  // namespace tokenwarden::crypto
