// A sealed value: only what was sealed under this key for this place opens.
#include "agent/adapters/crypto/sealer.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Sealer> sealer =
      crypto::MakeSealer(*crypto::ParseStateKey(Secret("tests/fuzz: thirty-two raw bytes")));
  static const std::string genuine = *sealer->Seal(Secret("value"), "fuzz");
  const std::string_view input = fuzz::Text(data, size);
  const Result<Secret> opened = sealer->Open(input, "fuzz");
  fuzz::Require(!opened, "nothing opens that was not sealed");
  fuzz::Require(opened.error().reason == "damaged" || opened.error().reason == "wrong_key", "why");
  // The input as damage of a genuine blob: each byte is added to one of it.
  std::string damaged = genuine;
  bool changed = false;
  for (std::size_t i = 0; i < input.size() && i < damaged.size(); ++i) {
    damaged[i] = static_cast<char>(damaged[i] ^ input[i]);
    changed = changed || input[i] != 0;
  }
  fuzz::Require(sealer->Open(damaged, "fuzz").has_value() == !changed, "one bit is enough");
  return 0;
}
