// When things fall due: the instants behind the rules of the refresh policy.
//
// Every function answers with the exact instant, in the past when it is due already and kNothingDue
// when it will not come by itself. The rules act on them and Hold waits for the earliest, so both
// always agree.
#pragma once

#include "agent/core/refresh_policy.h"

namespace tokenwarden {

inline constexpr Instant kNothingDue = Instant::max();

// The next look at the issuer: on schedule, denser after a failure, and when a clock of the token
// ends.
Instant InspectDueAt(const Snapshot& snapshot, Instant now);

// The next renewal attempt because the end is near; kNothingDue also while something blocks
// renewals.
Instant NearExpiryDueAt(const Snapshot& snapshot, Instant now);
// The same because of `renew.max_age`.
Instant MaxAgeDueAt(const Snapshot& snapshot, Instant now);
// The same for a dead value whose successor can be made without it.
Instant ReplaceDeadDueAt(const Snapshot& snapshot, Instant now);

// The next try to write this sink; kNothingDue when it holds what it should or must be left alone.
Instant SinkDueAt(const Snapshot& snapshot, const SinkSpec& sink, Instant now);

// From when a renewal would be wanted but is impossible; kNothingDue when it is possible or not
// wanted.
Instant CannotRenewDueAt(const Snapshot& snapshot, Instant now);

// False while an issuer's own "not before" is in force.
bool MayAskNow(const Attempts& attempts, Instant now);

// The specification differs from that of the last attempt (not of the last success: a failing new
// one backs off).
bool SpecHasChanged(const Snapshot& snapshot);

// A need that the policy itself raised: it watches that need and does not wait for it to be
// cleared.
bool IsPolicyNeed(const CredentialState& state);

// The earliest of all of the above that lies after `now`.
Instant EarliestDue(const Snapshot& snapshot, Instant now);

}  // namespace tokenwarden
