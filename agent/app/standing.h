// Where a rotation stands, for people: what happens with it next, and what that waits for.
#pragma once

#include <string>

#include "agent/app/work.h"
#include "agent/core/refresh_policy.h"

namespace tokenwarden {

// One or two sentences. `next`: what the policy wants to happen with the credential now.
std::string WhatHappensNext(Work& work, const Rotation& rotation, const Decision& next);

}  // namespace tokenwarden
