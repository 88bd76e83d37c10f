// Rotator: the one road by which a new value becomes a credential's value.
//
//   intent ─► requested ─► received ─► candidate ─► proven ─► current ─► (publishing)
//
// A renewal enters at `intent`; a value from the source, an operator or a hand edit enters at
// `candidate`. Every arrow is durable before the next thing happens. Exactly one request is sent
// per rotation; retry is a new rotation, decided by policy. All calls are made while the keeper's
// Acting() lock is held.
#pragma once

#include <optional>
#include <string>

#include "agent/app/work.h"
#include "agent/core/acceptance.h"

namespace tokenwarden {

enum class RotationOutcome {
  kPromoted,   // a new generation is current
  kUnchanged,  // the value was the one we hold
  kRefused,    // the candidate is worse or dead; kept aside
  kWaiting,    // could not be proven yet: resumed later
  kFailed,     // the issuer said no, or could not be asked
  kAmbiguous,  // the reply was lost
};

class Rotator {
 public:
  // Asks the issuer once for a new value.
  Result<RotationOutcome> Refresh(Work& work) const;
  // Takes a value that somebody else brought. `accept_worse_reason` not empty: accepted although
  // worse.
  Result<RotationOutcome> Offer(Work& work, Origin origin, const Secret& value,
                                const std::string& accept_worse_reason) const;
  // Proves the previous value again and makes it current as a new generation. kNotFound
  // `no_previous_value`.
  Result<RotationOutcome> RollBack(Work& work) const;
  // Takes the newest living value that was refused and kept aside, after proving it again. `reason`
  // not empty: an operator takes it although worse. kNotFound `nothing_kept`; the refusal as
  // kFailedPrecondition.
  Result<RotationOutcome> AcceptKept(Work& work, const std::string& reason) const;
  // Takes a reply that was never stored and whose rotation another holder has ended meanwhile: it
  // may hold the only value that lives. Nothing to do without one.
  Result<RotationOutcome> Rescue(Work& work) const;
  // A renewed value that was refused as worse than the old one is not worse than a dead one: proves
  // it again once the old value is known to be dead.
  Result<RotationOutcome> Reconsider(Work& work) const;
  // Goes on with an unfinished rotation, from the store alone.
  Result<RotationOutcome> Resume(Work& work, const Rotation& rotation) const;

 private:
  Result<RotationOutcome> Send(Work& work, const Rotation& rotation, HttpRequest request) const;
  // Stores the reply that the keeper holds, then goes on. The reply stays with the keeper until it
  // is durable.
  Result<RotationOutcome> StoreReply(Work& work, const Rotation& rotation) const;
  Result<RotationOutcome> AfterReceived(Work& work, const Rotation& rotation,
                                        const HttpReply& reply) const;
  Result<RotationOutcome> AfterCandidate(Work& work, const Rotation& rotation, const Secret& value,
                                         const std::string& accept_worse_reason) const;
  Result<RotationOutcome> Refuse(Work& work, const Rotation& rotation,
                                 const RefusedCandidate& refused, Observation seen) const;
  Result<RotationOutcome> AfterProven(Work& work, const Rotation& rotation,
                                      Observation observation) const;
  // A kept value that was found fit: proven and current.
  Result<RotationOutcome> TakeKept(Work& work, const Rotation& kept, Observation seen) const;
  // What is stored of a candidate does not open and never will: takes it from the reply if that
  // does, else ends the rotation as if the reply had been lost.
  Result<RotationOutcome> GiveUpCandidate(Work& work, const Rotation& rotation,
                                          const Error& error) const;
  Result<RotationOutcome> ResumeCandidate(Work& work, const Rotation& rotation) const;
  // Nobody can know whether the issuer acted.
  Result<RotationOutcome> Lose(Work& work, const Rotation& rotation, const Error& error) const;
  Result<RotationOutcome> AfterAmbiguous(Work& work, const Rotation& rotation) const;
  Result<RotationOutcome> Fail(Work& work, const Rotation& rotation, const Error& error) const;
};

}  // namespace tokenwarden
