// Reading the `data` of a debug_token reply.
#pragma once

#include "agent/adapters/meta/json.h"
#include "agent/core/observation.h"

namespace tokenwarden::meta {

// Absent and unreadable facts stay absent. `expires_at` 0 means never; an app token without one
// too.
TokenFacts ReadFacts(const Json& data);

}  // namespace tokenwarden::meta
