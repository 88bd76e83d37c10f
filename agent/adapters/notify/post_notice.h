// The `http` notification; see notifier.h.
#pragma once

#include "agent/ports/http_client.h"
#include "agent/ports/places.h"

namespace tokenwarden::notify {

// Blocks for at most spec.timeout. Thread-safe.
Status PostNotice(const NotifySpec& spec, const Notice& notice, HttpClient& http);

}  // namespace tokenwarden::notify
