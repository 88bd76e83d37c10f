// Crypto: sealing at rest, fingerprints, message authentication.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/fingerprint.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden {

// Seals values with AES-256-GCM under the state key. Thread-safe.
class Sealer {
 public:
  virtual ~Sealer() = default;
  // `context` is bound to the blob (credential and purpose) and must be the same when opening.
  virtual Result<std::string> Seal(const Secret& value, std::string_view context) = 0;
  // kDataLoss `wrong_key_or_damaged` when the blob does not open.
  virtual Result<Secret> Open(std::string_view blob, std::string_view context) = 0;
};

// Thread-safe.
class Fingerprinter {
 public:
  virtual ~Fingerprinter() = default;
  virtual Fingerprint Of(const Secret& value) const = 0;
};

// HMAC-SHA256 as lower-case hex. Pure and thread-safe.
class Mac {
 public:
  virtual ~Mac() = default;
  virtual std::string HmacSha256Hex(std::string_view key, std::string_view message) const = 0;
};

}  // namespace tokenwarden
