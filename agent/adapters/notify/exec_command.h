// The `exec` notification; see notifier.h.
#pragma once

#include <string>

#include "agent/ports/places.h"

namespace tokenwarden::notify {

// Blocks until the command has ended, at most spec.timeout. Thread-safe.
Status ExecCommand(const NotifySpec& spec, const Notice& notice, const std::string& base_dir);

}  // namespace tokenwarden::notify
