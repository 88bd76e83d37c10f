// The `signal` notification; see notifier.h.
#pragma once

#include <string>

#include "agent/ports/places.h"

namespace tokenwarden::notify {

// Thread-safe; does not block.
Status SignalProcess(const NotifySpec& spec, const std::string& base_dir);

}  // namespace tokenwarden::notify
