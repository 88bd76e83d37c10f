// The end of a rotation: published everywhere, consumers told, settled, the old value revoked where
// that is wanted, and wiped.
#pragma once

#include <optional>

#include "agent/app/work.h"

namespace tokenwarden {

// Moves a rotation on when every sink has its generation. Returns when to look again, if there is
// something to wait for. Called while the keeper's Acting() lock is held.
std::optional<Instant> FinishRotation(Work& work);

}  // namespace tokenwarden
