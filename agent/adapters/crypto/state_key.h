// The state key: 32 bytes that seal what is stored. From a file, an environment variable or any
// other reference; made once by `tokenwarden keygen`.
#pragma once

#include <string>
#include <utility>

#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::crypto {

inline constexpr std::size_t kStateKeyBytes = 32;

// Always kStateKeyBytes long. Moves, wiped when let go.
class StateKey {
 public:
  const Secret& bytes() const { return bytes_; }

 private:
  explicit StateKey(Secret bytes) : bytes_(std::move(bytes)) {}
  friend Result<StateKey> ParseStateKey(const Secret& content);
  friend StateKey RandomKey();

  Secret bytes_;
};

// 32 bytes raw, or as 64 hex digits or base64 text with at most one newline at the end. Anything
// else is kInvalidArgument `bad_state_key`; the message says what was seen by its length alone.
Result<StateKey> ParseStateKey(const Secret& content);

// From the kernel's random numbers. Ends the process when the kernel has none: nothing would be
// safe.
StateKey RandomKey();

// A new key as hex text, mode 0600, durable when this returns. An existing file is never replaced
// (kFailedPrecondition `key_exists`): with it every stored value would be lost.
Status WriteNewKey(const std::string& path);

// Refuses a file that its group or the world may reach (kPermissionDenied `key_file_readable`), but
// for the permission bits in `allowed`.
Result<StateKey> LoadKeyFile(const std::string& path, unsigned allowed = 0);

}  // namespace tokenwarden::crypto
