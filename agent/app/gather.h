// Gather: everything one decision needs, put together for the pure policy.
#pragma once

#include "agent/app/work.h"
#include "agent/core/refresh_policy.h"

namespace tokenwarden {

// The snapshot refers to `work`; it is valid until the work's state changes.
Snapshot Gather(Work& work, bool asked_inspect, bool asked_refresh);

}  // namespace tokenwarden
