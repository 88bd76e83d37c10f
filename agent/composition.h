// The composition root: makes every adapter, hands it to the application, and waits for signals.
#pragma once

#include "agent/command_line.h"

namespace tokenwarden {

// Returns the exit code: 0, 1 and 4 as --once says; 2 for the configuration, the key or the state.
int RunAgent(const CommandLine& line);

}  // namespace tokenwarden
