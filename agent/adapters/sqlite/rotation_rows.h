// The journal of rotations: what a step may follow, what it stores, and how a candidate becomes the
// credential's value. Not synchronised. What writes is called inside a commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/sqlite/database.h"
#include "agent/ports/crypto.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::sqlite {

class RotationRows {
 public:
  // Both outlive it.
  RotationRows(Database& database, Sealer& sealer) : database_(database), sealer_(sealer) {}

  // kNotFound `no_rotation`.
  Result<Rotation> Load(RotationId id);
  // Sets the id of `rotation`.
  Status Begin(Rotation& rotation);
  // The rotation after the step.
  Result<Rotation> Step(RotationId id, const RotationStep& step, Instant now);
  Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now);

  Result<std::vector<Rotation>> Unfinished();
  Result<std::optional<Rotation>> Latest(const std::string& credential);
  Result<std::vector<Rotation>> Refused(const std::string& credential);
  Result<Secret> Reply(RotationId id);
  Result<Secret> Candidate(RotationId id);

 private:
  Result<bool> HasOtherUnfinished(const Rotation& rotation);
  Status CheckStep(const Rotation& rotation, const RotationStep& step);
  Status WriteStep(Rotation& rotation, const RotationStep& step);
  Status WriteGeneration(const Rotation& rotation, const CredentialState& state);
  Result<Secret> OpenPart(Sql which, const char* part, RotationId id);
  Result<std::optional<std::string>> SealPart(const char* part, const Rotation& rotation,
                                              const std::optional<Secret>& value);

  Database& database_;
  Sealer& sealer_;
};

}  // namespace tokenwarden::sqlite
