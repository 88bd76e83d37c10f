// Recovery: what to do when a renewal request may have been acted on but its reply was lost.
// A table by the issuer's declared rotation model, never an `if` inside an adapter.
#pragma once

#include <string_view>

#include "agent/core/state.h"

namespace tokenwarden {

enum class AfterLostReply {
  kAskAgain,     // the old value still works: the lost one is an orphan, renew again in time
  kAskOperator,  // asking again could destroy what still lives
};

struct RecoveryRow {
  RotationModel model;
  AfterLostReply step;
  std::string_view why;  // a sentence for the operator
};

// Total over the models.
const RecoveryRow& RecoveryFor(RotationModel model);

}  // namespace tokenwarden
