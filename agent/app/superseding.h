// Which rotation may take the place of which: one that has not reached `current` at a time.
#pragma once

#include "agent/app/work.h"

namespace tokenwarden {

// Ends the unfinished rotation, if there is one and it gives way to a value of this origin.
// kAborted `in_flight` when it does not.
Status Supersede(Work& work, Origin newcomer);

// Somebody else holds the credential now.
tl::unexpected<Error> NotOurs(const Work& work);

// The very value in use, and it can be read: there is nothing to do with it.
bool IsWhatWeHold(const CredentialState& state, const Fingerprint& fingerprint);

}  // namespace tokenwarden
