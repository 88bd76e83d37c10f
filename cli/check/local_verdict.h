// What can be said about a value without asking anybody. Pure.
#pragma once

#include <optional>

#include "agent/core/observation.h"
#include "cli/check/target.h"

namespace tokenwarden::cli {

// Missing values, values that cannot be tokens, shared secrets. Nullopt: the issuer has to be
// asked.
std::optional<Observation> JudgeLocally(const Target& target, Instant now);

}  // namespace tokenwarden::cli
