// health_status of a phone number or WhatsApp Business Account. Source: Meta's "Messaging Health
// Status".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/adapters/meta/json.h"

namespace tokenwarden::meta {

enum class Health { kUnknown, kAvailable, kLimited, kBlocked };

struct HealthReading {
  Health worst = Health::kUnknown;
  std::vector<std::int64_t> codes;  // of the entities that are limited or blocked
};

// Entities decide. One whose only errors are about calls over SIP says nothing about sending
// messages; the overall value counts only when no entity explains it.
HealthReading ReadHealth(const Json& node);

}  // namespace tokenwarden::meta
