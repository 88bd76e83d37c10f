// An observation as it is stored: JSON in a column and in documents.
#include "agent/codec/observation_json.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Observation> seen = codec::ParseObservation(std::string(fuzz::Text(data, size)));
  if (!seen) {
    fuzz::Require(seen.error().reason == "damaged", "damage is called damage");
    return 0;
  }
  const std::string written = codec::ToJson(*seen);
  const Result<Observation> again = codec::ParseObservation(written);
  fuzz::Require(again && codec::ToJson(*again) == written, "what was read is written the same");
  (void)EarliestDeadline(seen->facts);
  if (seen->facts.expires_at) (void)FormatUtc(*seen->facts.expires_at);
  (void)FormatUtc(seen->evidence.observed_at);
  return 0;
}
