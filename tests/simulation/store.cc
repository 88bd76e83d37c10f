#include "tests/simulation/store.h"

#include <cstring>
#include <utility>

#include "agent/adapters/documents/document_state_store.h"
#include "tests/fakes/memory_state_store.h"
#include "tests/simulation/bugs.h"
#include "tests/simulation/invariants.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {

Store::Store(World& world, int agent)
    : world_(world), agent_(agent), documents_(world, agent), inner_(Open(world, documents_)) {}

std::unique_ptr<StateStore> Store::Open(World& world, AgentDocuments& documents) {
  if (!world.scenario.documents) return std::make_unique<MemoryStateStore>(world.disk);
  documents::Options options;
  options.credentials = {world.scenario.spec.name};
  options.parallel = 1;
  options.shelf.fresh_for = std::chrono::hours{24};  // the real time is no part of the story
  return std::move(
      documents::OpenStateStore(documents, world.documents.sealer(), std::move(options)).value());
}

bool Store::IsFenced() const { return EpochOf(world_, agent_) < world_.store_fence; }

template <typename T, typename Body>
Result<T> Store::Call(const char* name, Kind kind, Body body) {
  world_.AtCall(agent_, name, false);
  const bool on_disk = !world_.scenario.documents;
  if (on_disk && kind == Kind::kWrite && IsFenced()) {
    return MakeError(ErrorKind::kAborted, "stale", "a newer holder has taken over");
  }
  DiskFault& fault = world_.disk_fault;
  const bool full = fault.full && std::strcmp(name, "Begin") == 0;
  const bool meant = fault.only == nullptr || std::strcmp(fault.only, name) == 0;
  const bool due = meant && fault.calls_left > 0 && fault.skip == 0;
  if (meant && fault.calls_left > 0) --(due ? fault.calls_left : fault.skip);
  const bool fails = due || full;
  const bool after = fails && fault.after_effect && !full;
  if (fails) world_.Disturbed();
  if (world_.scenario.documents) {
    documents_.weather.no_room = full;
    documents_.weather.no_server = fails && !after && !full;
    documents_.weather.lost_reply = after;
    documents_.weather.then_gone = after && fault.calls_left > 0;
    return CallServer<T>(name, body);
  }
  const auto failure = [&]() -> Result<T> {
    world_.Tell([&] {
      return "agent " + std::to_string(agent_) + ": the disk fails " + name +
             (after ? " after its effect" : "");
    });
    if (full) return MakeError(ErrorKind::kResourceExhausted, "disk_full", "the disk is full");
    return MakeError(ErrorKind::kUnavailable, "io", "the disk failed");
  };
  if (fails && !after) return failure();
  if (kind == Kind::kWrite) JudgeStoreWrite(world_, agent_, name);
  Result<T> result = body();
  world_.AtCall(agent_, name, true);
  if (after) return failure();
  return result;
}

template <typename T, typename Body>
Result<T> Store::CallServer(const char* name, Body& body) {
  Result<T> result = body();
  const bool stale = !result && result.error().reason == "stale";
  if (stale && world_.HasBug(Bug::kIgnoreEpoch)) {
    inner_->TakeUp(world_.scenario.spec.name, world_.lease.epoch).has_value();
    result = body();
  }
  if (!result) {
    world_.Tell([&] {
      return "agent " + std::to_string(agent_) + ": " + name + " fails: " + result.error().reason;
    });
  }
  documents_.weather = {};
  world_.AtCall(agent_, name, true);
  return result;
}

Result<std::optional<CredentialState>> Store::TakeUp(const std::string& credential,
                                                     std::uint64_t epoch) {
  if (!world_.scenario.documents) return LoadState(credential);
  return Call<std::optional<CredentialState>>("TakeUp", Kind::kLoad,
                                              [&] { return inner_->TakeUp(credential, epoch); });
}

Result<std::vector<CredentialState>> Store::LoadStates() {
  return Call<std::vector<CredentialState>>("LoadStates", Kind::kLoad, [&] {
    world_.store_fence = std::max(world_.store_fence, EpochOf(world_, agent_));
    world_.store_turn = std::max(world_.store_turn, TurnOf(world_, agent_));
    if (world_.HasBug(Bug::kForgetRotationAtRestart)) ForgetRotation();
    return inner_->LoadStates();
  });
}

void Store::ForgetRotation() {
  for (auto& each : world_.disk->rotations) {
    Rotation& rotation = each.second.rotation;
    if (IsBeforeCurrent(rotation.state)) rotation.state = RotationState::kFailed;
  }
}

Status Store::SaveState(const CredentialState& state) {
  return Call<void>("SaveState", Kind::kWrite, [&] { return inner_->SaveState(state); });
}

Status Store::SaveSink(const std::string& credential, const SinkState& sink) {
  return Call<void>("SaveSink", Kind::kWrite, [&] { return inner_->SaveSink(credential, sink); });
}

Status Store::ForgetSink(const std::string& credential, const std::string& target) {
  return Call<void>("ForgetSink", Kind::kWrite,
                    [&] { return inner_->ForgetSink(credential, target); });
}

Status Store::MarkAbsent(const std::vector<std::string>& present, Instant now) {
  return Call<void>("MarkAbsent", Kind::kWrite, [&] { return inner_->MarkAbsent(present, now); });
}

Result<Secret> Store::LoadValue(const std::string& credential, Generation generation) {
  return Call<Secret>("LoadValue", Kind::kLoad, [&]() -> Result<Secret> {
    if (promised_ && promised_->first == generation) return promised_->second.Clone();
    return inner_->LoadValue(credential, generation);
  });
}

Result<std::vector<StoredGeneration>> Store::LoadGenerations(const std::string& credential) {
  return Call<std::vector<StoredGeneration>>("LoadGenerations", Kind::kLoad,
                                             [&] { return inner_->LoadGenerations(credential); });
}

Result<Rotation> Store::Begin(const std::string& credential, Origin origin, Generation from,
                              std::uint64_t epoch, Instant now, std::size_t reserve_bytes) {
  return Call<Rotation>("Begin", Kind::kWrite, [&] {
    return inner_->Begin(credential, origin, from, epoch, now, reserve_bytes);
  });
}

Result<Rotation> Store::Advance(RotationId id, RotationStep step, Instant now) {
  const RotationState to = step.to;
  Result<Rotation> advanced = Call<Rotation>("Advance", Kind::kWrite, [&] {
    if (world_.HasBug(Bug::kParseBeforeStore) && step.reply) step.reply = Secret("nothing");
    world_.Tell([&] {
      return "agent " + std::to_string(agent_) + " rotation " + std::to_string(id) + " -> " +
             std::string(ToString(to)) + (step.note.empty() ? "" : ": " + step.note);
    });
    documents_.weather.storing_reply = to == RotationState::kReceived;
    RotationStep again;  // the bug that reads again calls twice
    again.to = step.to;
    again.note = step.note;
    again.candidate_fingerprint = step.candidate_fingerprint;
    if (step.reply) again.reply = step.reply->Clone();
    if (step.candidate) again.candidate = step.candidate->Clone();
    return inner_->Advance(id, std::move(again), now);
  });
  if (advanced && to == RotationState::kReceived) NoteReplyStored(world_, id);
  return advanced;
}

Result<Rotation> Store::Promote(RotationId id, const CredentialState& state, Instant now) {
  return Call<Rotation>("Promote", Kind::kWrite, [&]() -> Result<Rotation> {
    if (world_.HasBug(Bug::kPublishBeforeCommit)) {
      Result<Secret> candidate = inner_->LoadCandidate(id);
      if (candidate) promised_.emplace(state.generation, std::move(*candidate));
      Rotation rotation = world_.disk->rotations[id].rotation;
      rotation.state = RotationState::kCurrent;
      return rotation;
    }
    Result<Rotation> promoted = inner_->Promote(id, state, now);
    if (promoted && !world_.scenario.documents) NotePromoted(world_, *promoted);
    if (promoted && world_.HasBug(Bug::kForgetOldValueAtOnce)) {
      inner_->Retire(state.name, state.generation, now).has_value();
    }
    return promoted;
  });
}

Status Store::Retire(const std::string& credential, Generation keep_from, Instant now) {
  return Call<void>("Retire", Kind::kWrite, [&] {
    JudgeRetirement(world_, credential, keep_from);
    return inner_->Retire(credential, keep_from, now);
  });
}

Result<std::vector<Rotation>> Store::LoadUnfinished() {
  return Call<std::vector<Rotation>>("LoadUnfinished", Kind::kLoad,
                                     [&] { return inner_->LoadUnfinished(); });
}

Result<std::optional<Rotation>> Store::LoadLatestRotation(const std::string& credential) {
  return Call<std::optional<Rotation>>("LoadLatestRotation", Kind::kLoad,
                                       [&] { return inner_->LoadLatestRotation(credential); });
}

Result<std::vector<Rotation>> Store::LoadRefused(const std::string& credential) {
  return Call<std::vector<Rotation>>("LoadRefused", Kind::kLoad,
                                     [&] { return inner_->LoadRefused(credential); });
}

Result<Secret> Store::LoadReply(RotationId id) {
  return Call<Secret>("LoadReply", Kind::kLoad, [&] { return inner_->LoadReply(id); });
}

Result<Secret> Store::LoadCandidate(RotationId id) {
  return Call<Secret>("LoadCandidate", Kind::kLoad, [&] { return inner_->LoadCandidate(id); });
}

Result<bool> Store::ClaimNotification(const std::string& credential, const std::string& target,
                                      Generation generation, Instant now) {
  return Call<bool>("ClaimNotification", Kind::kWrite, [&]() -> Result<bool> {
    Result<bool> first = inner_->ClaimNotification(credential, target, generation, now);
    if (world_.HasBug(Bug::kNotifyAgain)) return true;
    return first;
  });
}

Status Store::Audit(const AuditEntry& entry) {
  return Call<void>("Audit", Kind::kWrite, [&] { return inner_->Audit(entry); });
}

Result<std::vector<AuditEntry>> Store::LoadAudit(const std::string& credential, int newest) {
  return Call<std::vector<AuditEntry>>("LoadAudit", Kind::kLoad,
                                       [&] { return inner_->LoadAudit(credential, newest); });
}

}  // namespace tokenwarden::simulation
