// StateStore: the memory that survives. Every call that returns success is durable.
//
// Values are sealed by the store's own Sealer; callers hand over and get Secrets. Thread-safe.
// Errors: kResourceExhausted `disk_full`, kPermissionDenied `read_only`, kDataLoss for damage,
// kUnavailable for other input/output; kAborted `stale` for a step that does not follow.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/fingerprint.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/core/state.h"

namespace tokenwarden {

using RotationId = std::int64_t;

// A durable step that a rotation has taken.
struct PassedStep {
  RotationState state = RotationState::kIntent;
  Instant at{};
  std::string note;

  bool operator==(const PassedStep&) const = default;
};

// One journalled run. Sealed parts are read apart (LoadReply, LoadCandidate).
struct Rotation {
  RotationId id = 0;
  std::string credential;
  Origin origin = Origin::kRefresh;
  RotationState state = RotationState::kIntent;
  Generation from_generation = 0;  // the value it started from
  Generation to_generation = 0;    // set when it became current
  std::uint64_t epoch = 0;
  Instant started_at{};
  Instant changed_at{};
  bool has_reply = false;
  bool has_candidate = false;
  Fingerprint candidate_fingerprint;
  std::string note;  // why it stands where it stands; no secret
  // From `intent` to `state`, in order. Of very many the first and the newest are kept.
  std::vector<PassedStep> steps;
};
inline constexpr std::size_t kMostSteps = 32;

struct RotationStep {
  RotationState to = RotationState::kFailed;
  std::optional<Secret> reply;      // with kReceived: the serialised raw reply
  std::optional<Secret> candidate;  // with kCandidate
  Fingerprint candidate_fingerprint;
  std::string note;
};

struct StoredGeneration {
  Generation generation = 0;
  Fingerprint fingerprint;
  Origin origin = Origin::kSource;
  Instant created_at{};
  bool retired = false;
};

struct AuditEntry {
  Instant at{};
  std::string credential;
  std::string event;  // `promoted`, `refused`, `published`, …
  std::string sentence;
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  virtual Result<std::vector<CredentialState>> LoadStates() = 0;
  // The same, one at a time and without a copy of all of them: for ten thousand credentials.
  // `visit` must not call the store; states seen before an error were visited.
  virtual Status VisitStates(const std::function<void(CredentialState)>& visit) {
    Result<std::vector<CredentialState>> states = LoadStates();
    if (!states) return tl::unexpected<Error>(states.error());
    for (CredentialState& state : *states) visit(std::move(state));
    return {};
  }
  // One of them; nullopt for a name that was never stored.
  virtual Result<std::optional<CredentialState>> LoadState(const std::string& credential) {
    std::optional<CredentialState> found;
    Status visited = VisitStates([&](CredentialState state) {
      if (state.name == credential) found = std::move(state);
    });
    if (!visited) return tl::unexpected<Error>(visited.error());
    return found;
  }
  // The same, before acting on it as its holder at `epoch`; every decision that is stored
  // afterwards rests on what is read here. kAborted `stale` when a later holder has stored one.
  virtual Result<std::optional<CredentialState>> TakeUp(const std::string& credential,
                                                        std::uint64_t epoch) {
    static_cast<void>(epoch);
    return LoadState(credential);
  }
  // Everything of the state but its sinks and its generation; those have calls of their own.
  virtual Status SaveState(const CredentialState& state) = 0;
  virtual Status SaveSink(const std::string& credential, const SinkState& sink) = 0;
  // What was known of a target that left the configuration. Nothing to do for an unknown one.
  virtual Status ForgetSink(const std::string& credential, const std::string& target) = 0;
  // Forgets credentials that left the configuration longer than `keep` ago. Values are not
  // forgotten earlier.
  virtual Status MarkAbsent(const std::vector<std::string>& present, Instant now) = 0;

  virtual Result<Secret> LoadValue(const std::string& credential, Generation generation) = 0;
  virtual Result<std::vector<StoredGeneration>> LoadGenerations(const std::string& credential) = 0;

  // Begins a rotation: `intent` for a refresh, durable, with room for `reserve_bytes` of reply
  // reserved on the disk. At most one unfinished rotation per credential (kAborted `in_flight`).
  virtual Result<Rotation> Begin(const std::string& credential, Origin origin, Generation from,
                                 std::uint64_t epoch, Instant now, std::size_t reserve_bytes) = 0;
  virtual Result<Rotation> Advance(RotationId id, RotationStep step, Instant now) = 0;
  // proven → current: one commit makes the candidate generation N+1 and the credential's value.
  virtual Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now) = 0;
  // Wipes the values of generations below `keep_from` and marks them retired.
  virtual Status Retire(const std::string& credential, Generation keep_from, Instant now) = 0;

  virtual Result<std::vector<Rotation>> LoadUnfinished() = 0;
  // The unfinished one if there is one, else the newest.
  virtual Result<std::optional<Rotation>> LoadLatestRotation(const std::string& credential) = 0;
  // Those at `refused` whose candidate is still kept, whatever came after them; the newest first.
  virtual Result<std::vector<Rotation>> LoadRefused(const std::string& credential) = 0;
  // Both: kDataLoss when what is stored does not open; it never will.
  virtual Result<Secret> LoadReply(RotationId id) = 0;
  virtual Result<Secret> LoadCandidate(RotationId id) = 0;

  // True the first time for (credential, target, generation); false ever after, also after a
  // restart.
  virtual Result<bool> ClaimNotification(const std::string& credential, const std::string& target,
                                         Generation generation, Instant now) = 0;

  // What fingerprints are keyed with, once that is not the state key any more: re-sealing under a
  // new key keeps it, so that values stay known. nullopt: derived from the state key.
  virtual Result<std::optional<Secret>> LoadFingerprintKey() { return std::optional<Secret>(); }

  virtual Status Audit(const AuditEntry& entry) = 0;
  virtual Result<std::vector<AuditEntry>> LoadAudit(const std::string& credential, int newest) = 0;
};

}  // namespace tokenwarden
