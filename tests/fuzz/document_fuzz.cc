// All that is stored of one credential on a server, as one JSON document.
#include "agent/adapters/documents/credential_document.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  (void)documents::WriteIdOf(text);
  const auto document = documents::ParseDocument(text, "whatsapp");
  if (!document) {
    const std::string& reason = document.error().reason;
    fuzz::Require(reason == "damaged" || reason == "newer_format", "damage is called damage");
    return 0;
  }
  if (!*document) return 0;
  const std::string written = documents::ToText(**document);
  const auto again = documents::ParseDocument(written, "whatsapp");
  fuzz::Require(again && *again && documents::ToText(**again) == written,
                "what was read is written the same");
  return 0;
}
