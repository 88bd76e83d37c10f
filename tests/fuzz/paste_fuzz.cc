// What somebody pasted in place of a token.
#include "agent/core/paste_check.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  const auto problem = CheckPaste(Secret(text));
  if (problem) {
    fuzz::Require(!problem->message.empty() && !problem->action.empty(),
                  "a problem says what to do");
    const bool ours = text.size() < 24 || fuzz::Holds(text, " ");  // as our own sentences have them
    fuzz::Require(ours || !fuzz::Holds(problem->message, text), "and not the value");
    return 0;
  }
  fuzz::Require(!text.empty() && text.size() <= 4096, "a token has a size");
  for (const char c : text) fuzz::Require(c > ' ' && c < 0x7f, "and can be printed");
  return 0;
}
