// The JSON beside or inside a published file, which anybody may have written.
#include "agent/adapters/files/marker_json.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const files::MarkerJson marker = files::ReadMarkerJson(Secret(fuzz::Text(data, size)));
  fuzz::Require(marker.is_object || (!marker.value && marker.epoch == 0), "no object, no marker");
  if (!marker.value) return 0;
  PublishMarker written;
  written.epoch = marker.epoch;
  const Result<Secret> text = files::WriteMarkerJson(&*marker.value, written);
  fuzz::Require(text.has_value(), "what was read can be written");
  const files::MarkerJson again = files::ReadMarkerJson(*text);
  fuzz::Require(again.value && again.value->Reveal() == marker.value->Reveal(), "and is the same");
  fuzz::Require(again.epoch == marker.epoch, "with its epoch");
  return 0;
}
