// Inspection of the value in use: ask the issuer, remember the answer.
#pragma once

#include "agent/app/work.h"

namespace tokenwarden {

// A conclusive answer replaces the last one; silence is kept beside it and never overwrites it.
// Errors are our own (the value cannot be loaded); the issuer's silence is not an error.
Status InspectCurrent(Work& work);

// Puts an observation into the state. Exposed for the rotation of first values and for tests.
void Remember(Work& work, Observation seen);

}  // namespace tokenwarden
