// The JSON that tells which generation a file holds. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/ports/places.h"

namespace tokenwarden::files {

// {"access_token": …, "generation": …, "fingerprint": …, "epoch": …, "expires_at": …}, without
// access_token when `value` is null. kInvalidArgument `not_text` when the value is not UTF-8.
Result<Secret> WriteMarkerJson(const Secret* value, const PublishMarker& marker);

// What is there of it; anything that is not ours counts as absent.
struct MarkerJson {
  bool is_object = false;
  std::optional<Secret> value;
  std::uint64_t epoch = 0;
};
MarkerJson ReadMarkerJson(const Secret& bytes);

}  // namespace tokenwarden::files
