// The content of a key file.
#include "agent/adapters/crypto/state_key.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  const auto key = crypto::ParseStateKey(Secret(text));
  if (key) {
    fuzz::Require(key->bytes().size() == crypto::kStateKeyBytes, "a key has its length");
  } else {
    fuzz::Require(key.error().reason == "bad_state_key", "why");
    const bool ours = text.size() < 8 || fuzz::Holds(text, " ");  // as our own sentence has them
    fuzz::Require(ours || !fuzz::Holds(key.error().message, text), "and not what it held");
  }
  return 0;
}
