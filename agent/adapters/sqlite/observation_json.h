// Observations as one JSON text column: nested, read as a whole, and still readable with the
// sqlite3 tool.
#pragma once

#include <string>

#include "agent/core/observation.h"
#include "agent/core/result.h"

namespace tokenwarden::sqlite {

std::string ToJson(const Observation& observation);
// kDataLoss `damaged` for anything that ToJson did not write.
Result<Observation> ParseObservation(const std::string& text);

}  // namespace tokenwarden::sqlite
