// Publishing: bring every sink to the current generation, and prove it by reading back.
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
// Forced: somebody asked, so also over what a sink under `alarm` or `adopt` holds.
enum class Force { kNo, kYes };
Status PublishTo(Work& work, const Rotator& rotator, const std::vector<std::string>& targets,
                 Force force = Force::kNo);
// Forced, to every sink. kFailedPrecondition when there is no living value; else the failures of
// all sinks.
Status PublishAnew(Work& work, const Rotator& rotator);

// Reads the source and every sink; notices hand-made changes and acts on them as the drift policy
// says.
Status LookAtPlaces(Work& work, const Rotator& rotator);

// Makes the sink states match the specification: one for each target, none for targets that left
// it.
void AlignSinks(Work& work);

}  // namespace tokenwarden
