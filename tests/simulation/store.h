// Store: the state on a disk that outlives the process, with failing calls, crashes before and
// after the effect, and a fence: whoever read the state as holder shuts out the writes of earlier
// holders. Or the real store of documents on a server, where nothing but that store itself is a
// fence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/state_store.h"
#include "tests/simulation/documents.h"

namespace tokenwarden::simulation {

struct World;

class Store : public StateStore {
 public:
  Store(World& world, int agent);

  Result<std::vector<CredentialState>> LoadStates() override;
  Result<std::optional<CredentialState>> TakeUp(const std::string& credential,
                                                std::uint64_t epoch) override;
  Status SaveState(const CredentialState& state) override;
  Status SaveSink(const std::string& credential, const SinkState& sink) override;
  Status ForgetSink(const std::string& credential, const std::string& target) override;
  Status MarkAbsent(const std::vector<std::string>& present, Instant now) override;
  Result<Secret> LoadValue(const std::string& credential, Generation generation) override;
  Result<std::vector<StoredGeneration>> LoadGenerations(const std::string& credential) override;
  Result<Rotation> Begin(const std::string& credential, Origin origin, Generation from,
                         std::uint64_t epoch, Instant now, std::size_t reserve_bytes) override;
  Result<Rotation> Advance(RotationId id, RotationStep step, Instant now) override;
  Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now) override;
  Status Retire(const std::string& credential, Generation keep_from, Instant now) override;
  Result<std::vector<Rotation>> LoadUnfinished() override;
  Result<std::optional<Rotation>> LoadLatestRotation(const std::string& credential) override;
  Result<std::vector<Rotation>> LoadRefused(const std::string& credential) override;
  Result<Secret> LoadReply(RotationId id) override;
  Result<Secret> LoadCandidate(RotationId id) override;
  Result<bool> ClaimNotification(const std::string& credential, const std::string& target,
                                 Generation generation, Instant now) override;
  Status Audit(const AuditEntry& entry) override;
  Result<std::vector<AuditEntry>> LoadAudit(const std::string& credential, int newest) override;

 private:
  enum class Kind { kLoad, kWrite };
  template <typename T, typename Body>
  Result<T> Call(const char* name, Kind kind, Body body);
  template <typename T, typename Body>
  Result<T> CallServer(const char* name, Body& body);
  bool IsFenced() const;
  void ForgetRotation();
  static std::unique_ptr<StateStore> Open(World& world, AgentDocuments& documents);

  World& world_;
  int agent_;
  AgentDocuments documents_;
  const std::unique_ptr<StateStore> inner_;
  // Of the bug that publishes before it commits: what was promised and is not on the disk.
  std::optional<std::pair<Generation, Secret>> promised_;
};

}  // namespace tokenwarden::simulation
