// Recovery: what to do when a renewal request may have been acted on but its reply was lost.
// A table by the issuer's declared rotation model, never an `if` inside an adapter.
#pragma once

#include <optional>
#include <string_view>

#include "agent/core/state.h"
#include "agent/core/time.h"

namespace tokenwarden {

enum class AfterLostReply {
  kAskAgain,     // the old value still works: the lost one is an orphan, renew again in time
  kAskOperator,  // asking again could destroy what still lives
};

// The time in which a grace model honours the old value.
enum class Grace { kRunning, kPassed };
// `grace`: see Capabilities; `lost_at`: when the first request without a reply began.
Grace GraceAt(Seconds grace, std::optional<Instant> lost_at, Instant now);

struct RecoveryRow {
  RotationModel model;
  Grace grace;
  AfterLostReply step;
  std::string_view why;  // a sentence for the operator
};

// Total over both. Where the grace has passed, the strictest answer holds.
const RecoveryRow& RecoveryFor(RotationModel model, Grace grace);

}  // namespace tokenwarden
