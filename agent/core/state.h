// State: what we know about a credential. The specification says what is wanted, the issuer holds
// the truth, this is our memory of both. Everything here may be shown; values are not in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/fingerprint.h"
#include "agent/core/observation.h"
#include "agent/core/time.h"

namespace tokenwarden {

// Counts the values of one credential upwards; 0 = none yet.
using Generation = std::uint64_t;

// The durable steps of one rotation, in order, then the three ways to end early.
enum class RotationState {
  kIntent,     // durable before the one request is sent
  kRequested,  // the request may have left
  kReceived,   // the raw reply is stored, sealed, not yet parsed
  kCandidate,  // a new value is known
  kProven,     // it was inspected, matched and used
  kCurrent,    // it is the credential's value
  kPublished,  // every sink was written and read back
  kSettled,    // it has been everywhere for the configured time
  kRetired,    // the previous generation is gone
  kAmbiguous,  // an intent without a reply: the issuer may or may not have acted
  kRefused,    // the candidate is worse or dead; kept aside for the operator
  kFailed,     // the issuer gave a clear no; nothing changed
};
std::string_view ToString(RotationState state);
std::optional<RotationState> ParseRotationState(std::string_view word);
// A rotation that still has work to do after a restart.
bool IsUnfinished(RotationState state);
// A rotation whose new value is not the credential's value yet: only one of these at a time. Later
// steps (publishing, settling) may be overtaken by a newer generation.
bool IsBeforeCurrent(RotationState state);
// The table of allowed steps; everything else is a defect.
bool CanFollow(RotationState from, RotationState to);

// How a candidate came to us. All of them take the same road from `candidate` on.
enum class Origin { kSource, kRefresh, kSubmit, kAdopt, kRollback };
std::string_view ToString(Origin origin);
std::optional<Origin> ParseOrigin(std::string_view word);

// What an issuer does to the old value when it mints a new one; the strictest is the default.
enum class RotationModel { kNone, kGraceSame, kGraceFork, kStrict, kStrictFamily };
std::string_view ToString(RotationModel model);
std::optional<RotationModel> ParseRotationModel(std::string_view word);

// One place that should hold the current generation.
struct SinkState {
  std::string target;                  // SinkSpec::Target()
  Generation generation = 0;           // what we last published there
  std::optional<Instant> verified_at;  // last time it was read and compared
  bool drifted = false;
  std::uint32_t consecutive_failures = 0;
  std::optional<Instant> last_attempt_at;
  std::string last_error;  // empty after a success
  std::string last_error_reason;

  bool operator==(const SinkState&) const = default;
};

// A person has to act; everything else keeps running.
struct OperatorNeed {
  std::string reason;    // fixed word
  std::string sentence;  // what happened and what to do
  Instant since{};

  bool operator==(const OperatorNeed&) const = default;
};

// Attempts at one verb, counted apart from the other verbs.
struct Attempts {
  std::optional<Instant> last_at;
  std::optional<Instant> last_success_at;
  std::uint32_t consecutive_failures = 0;
  std::optional<Instant> not_before;  // the issuer told us to wait until then
  std::string last_error;
  std::string last_error_reason;

  bool operator==(const Attempts&) const = default;
};

struct CredentialState {
  std::string name;
  Generation generation = 0;
  Fingerprint fingerprint;
  std::optional<Instant> generation_since;  // when this generation became current
  Origin origin = Origin::kSource;

  std::optional<Observation> conclusive;  // the newest conclusive one, of this generation
  std::optional<Observation>
      silence;  // a newer one that could not tell; cleared by the next conclusive
  Attempts inspect;
  Attempts renew;
  std::vector<SinkState> sinks;
  std::optional<RotationState> rotation;  // of the unfinished rotation, if any
  // When a renewal of this generation was first left without a reply: the issuer may have used the
  // value up. Known until another value is current.
  std::optional<Instant> reply_lost_at;
  std::optional<OperatorNeed> operator_need;
  Fingerprint refused_fingerprint;  // a candidate kept aside; not tried again by itself
  std::string spec_digest;          // of the specification at the last attempt

  bool operator==(const CredentialState&) const = default;
};

// The word for metrics and JSON: the last conclusive verdict, or `pending`.
std::string_view StateWord(const CredentialState& state);

}  // namespace tokenwarden
