// A line of the log: whatever it holds, what looks like a token is gone, and redacting is stable.
#include "agent/adapters/log/redact.h"
#include "tests/fuzz/replies.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  const std::string once =
      log::Redact(fuzz::Replaced(text, "$TOKEN", " " + fuzz::FakeToken() + " "));
  fuzz::Require(!fuzz::Holds(once, fuzz::FakeToken()), "a token is blotted out");
  fuzz::Require(log::Redact(once) == once, "what was redacted stays as it is");
  return 0;
}
