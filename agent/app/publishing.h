// Publishing: bring every sink to the current generation, prove it by reading back, tell consumers.
//
// Sinks are independent: each has its own state, error and backoff; a broken one delays nobody. All
// calls are made while the keeper's Acting() lock is held.
#pragma once

#include <string>
#include <vector>

#include "agent/app/rotation.h"
#include "agent/app/work.h"

namespace tokenwarden {

// Writes the current generation to the named targets and reads each back.
Status PublishTo(Work& work, const Rotator& rotator, const std::vector<std::string>& targets);

// Reads the source and every sink; notices hand-made changes and acts on them as the drift policy
// says.
Status LookAtPlaces(Work& work, const Rotator& rotator);

// Moves a rotation on when every sink has its generation, tells consumers once, retires old values
// when settled. Returns when to look again, if there is something to wait for.
std::optional<Instant> FinishRotation(Work& work);

// Makes the sink states match the specification: one for each target, none for targets that left
// it.
void AlignSinks(Work& work);

}  // namespace tokenwarden
