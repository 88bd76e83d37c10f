// Acceptance: is a candidate fit to replace the current value, and is it not worse?
// Pure judgement over two observations; the caller did the looking.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/core/observation.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"

namespace tokenwarden {

enum class Refusal {
  kNotProven,      // the inspection could not tell: try again later, nothing is lost
  kDead,           // expired, revoked, malformed
  kWrongIdentity,  // another app, user or kind
  kMissesScope,    // lacks a required scope or asset
  kRestricted,     // blocked account; accepted only when the current one is no better
  kShorterLife,    // lives shorter than the old one has left
  kLosesNever,     // turns a never-expiring token into one that ends
  kDropsScope,     // fewer scopes than the current one
  kKnownDead,      // equals a value already known to be dead
};
std::string_view ToString(Refusal refusal);
std::optional<Refusal> ParseRefusal(std::string_view word);

struct RefusedCandidate {
  Refusal refusal;
  std::string sentence;  // what is wrong and what the operator can do
};

// Nullopt: accept. `current` is absent when there is no living current value to be worse than.
// Checked in the order of Refusal; ends within a minute of each other count as equal.
std::optional<RefusedCandidate> JudgeCandidate(const CredentialSpec& spec,
                                               const Observation& candidate,
                                               const std::optional<Observation>& current,
                                               Instant now);

// Before anybody is asked: kKnownDead when the value is the current one and that one is dead.
std::optional<RefusedCandidate> JudgeFingerprint(const CredentialState& state,
                                                 const Fingerprint& candidate);

}  // namespace tokenwarden
