// Observations as JSON, as they are stored: nested, read as a whole, and still readable by people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agent/core/observation.h"
#include "agent/core/result.h"

namespace tokenwarden::codec {

std::string ToJson(const Observation& seen);
// Inside something larger. ObservationFrom throws json::exception for what JsonOf did not write.
nlohmann::json JsonOf(const Observation& seen);
Observation ObservationFrom(const nlohmann::json& from);

// kDataLoss `damaged` for anything that ToJson did not write.
Result<Observation> ParseObservation(const std::string& text);

}  // namespace tokenwarden::codec
