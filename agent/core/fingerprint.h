// Fingerprint: a keyed digest of a value that is safe to show, log and compare.
//
// Spelled `hmac:` and the first 16 hex digits of HMAC-SHA256(key, value). The key belongs to the
// state (or to one run of the CLI), so a fingerprint cannot be used to test guesses offline.
#pragma once

#include <string>

namespace tokenwarden {

struct Fingerprint {
  std::string text;

  bool empty() const { return text.empty(); }
  bool operator==(const Fingerprint&) const = default;
};

}  // namespace tokenwarden
