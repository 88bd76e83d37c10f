// What the calls of the StateStore port do to one credential's document. No server here: the shelf
// reads the document before and writes it after.
#pragma once

#include <cstddef>
#include <string>

#include "agent/adapters/documents/credential_document.h"
#include "agent/core/secret.h"
#include "agent/ports/crypto.h"

namespace tokenwarden::documents {

// Ids are unique among the credentials that most likely exist, and tell which one: 32 bits of the
// name's hash, then 20 of a count. Below 2^53, so that JSON of any language keeps them.
RotationId RotationIdOf(const std::string& credential, std::uint64_t count);
std::uint32_t CredentialHashIn(RotationId id);
std::uint32_t CredentialHashOf(const std::string& credential);

class RotationSteps {
 public:
  explicit RotationSteps(Sealer& sealer) : sealer_(sealer) {}

  // Keeps room for the reply in the document itself, so that a full store refuses this step.
  Result<Rotation> Begin(CredentialDocument& document, const Rotation& wanted,
                         std::size_t reserve_bytes) const;
  Result<Rotation> Step(CredentialDocument& document, RotationId id, const RotationStep& step,
                        Instant now) const;
  Result<Rotation> Promote(CredentialDocument& document, RotationId id,
                           const CredentialState& state, Instant now) const;

  Result<Secret> Value(const CredentialDocument& document, Generation generation) const;
  Result<Secret> Reply(const CredentialDocument& document, RotationId id) const;
  Result<Secret> Candidate(const CredentialDocument& document, RotationId id) const;

 private:
  Status WriteStep(KeptRotation& kept, const RotationStep& step) const;

  Sealer& sealer_;
};

// False when there was nothing to wipe. kInvalidArgument `would_lose_current`.
Result<bool> Retire(CredentialDocument& document, Generation keep_from, Instant now);
// Everything of the state but what has calls of its own.
void TakeState(CredentialDocument& document, const CredentialState& state);
// The requests of a rotation that may have left: how many, and when the last one did.
struct Requests {
  std::ptrdiff_t count = 0;
  Instant last_at{};

  bool operator==(const Requests&) const = default;
};
Requests RequestsOf(const CredentialDocument& document, RotationId id);

tl::unexpected<Error> Stale(const std::string& message);
// A holder at `epoch` where one with `newer` has decided already.
tl::unexpected<Error> TooOld(const std::string& credential, std::uint64_t epoch,
                             std::uint64_t newer);
tl::unexpected<Error> NoRotation(RotationId id);

}  // namespace tokenwarden::documents
