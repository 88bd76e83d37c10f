// The small steps that every part of a rotation takes.
#pragma once

#include <string>

#include "agent/app/recovery.h"
#include "agent/app/work.h"

namespace tokenwarden {

// A durable step, then an event. A failure leaves a doubt: the store may have gone further than it
// said.
Result<Rotation> Step(Work& work, const Rotation& rotation, RotationStep step);
RotationStep To(RotationState state, std::string note = "");

// Counts a failed renewal and tells of it; the caller saves.
void CountFailure(Work& work, const Error& error);
// That the issuer gave no usable answer about a new value is told: nothing else shows it.
void TellNotProven(const Work& work, const Observation& seen);

// No clear answer: the issuer behind a gateway's page or an unreadable reply may have acted anyway.
bool MayHaveActed(const Error& error);

// What the issuer can do for this credential, as far as is known now.
Capabilities CapabilitiesNow(Work& work);
// What to do after a lost reply of this credential's issuer.
const RecoveryRow& RecoveryOf(Work& work);
// The time in which the issuer may be asked again runs from the first request without a reply; the
// caller saves.
void NoteLostReply(Work& work, const Rotation& rotation);
// Calls for a person, with the time that is left; the caller saves.
void AskAfterLostReply(Work& work, const RecoveryRow& row);

}  // namespace tokenwarden
