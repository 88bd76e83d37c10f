// What this process asks of the system before it holds a secret.
#pragma once

#include "agent/core/result.h"

namespace tokenwarden::sys {

// No core files (RLIMIT_CORE 0), no reading of our memory by other processes of the same user
// (PR_SET_DUMPABLE 0; setrlimit(2), prctl(2)), as many open files as the hard limit allows. Does
// all it can; the error names the first thing that the system refused (kPermissionDenied
// `not_hardened`).
Status HardenProcess();

}  // namespace tokenwarden::sys
