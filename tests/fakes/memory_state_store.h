// MemoryStateStore: the StateStore port without a disk, held to the same contract suite as the real
// one.
//
// The contents live in a `Disk` that may outlive the store: a second store on the same disk is "the
// agent after a restart". Any call can be made to fail, before or after its effect. Thread-safe.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/ports/state_store.h"

namespace tokenwarden {

class MemoryStateStore final : public StateStore {
 public:
  struct Disk;
  // Before: nothing happened. After: it happened, but the caller is told that it failed.
  enum class FailWhen { kBefore, kAfter };

  explicit MemoryStateStore(std::shared_ptr<Disk> disk = std::make_shared<Disk>(),
                            Seconds keep_absent = kDay * 30)
      : disk_(std::move(disk)), keep_absent_(keep_absent) {}

  std::shared_ptr<Disk> disk() const { return disk_; }

  // The n-th call from now (1 = the next) fails; `times` of them in a row.
  void FailCall(int n, FailWhen when = FailWhen::kBefore, int times = 1,
                Error error = {ErrorKind::kUnavailable, "injected", "injected store failure", ""}) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fail_from_ = calls_ + n;
    fail_until_ = fail_from_ + times;
    fail_when_ = when;
    failure_ = std::move(error);
  }
  int calls() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }
  // The names of the calls so far, in order.
  std::vector<std::string> call_names() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return names_;
  }

  Result<std::vector<CredentialState>> LoadStates() override;
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
  struct Row;
  struct RotationRow;

  // One call of the port: counts it, fails it when that was asked for.
  template <typename T, typename Body>
  Result<T> Call(const char* name, Body body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_;
    names_.emplace_back(name);
    const bool fails = calls_ >= fail_from_ && calls_ < fail_until_;
    if (fails && fail_when_ == FailWhen::kBefore) return tl::unexpected<Error>(failure_);
    Result<T> result = body();
    if (fails) return tl::unexpected<Error>(failure_);
    return result;
  }

  const RotationRow* UnfinishedOf(const std::string& credential) const;

  const std::shared_ptr<Disk> disk_;
  const Seconds keep_absent_;
  mutable std::mutex mutex_;
  int calls_ = 0;
  int fail_from_ = 0;
  int fail_until_ = 0;
  FailWhen fail_when_ = FailWhen::kBefore;
  Error failure_;
  std::vector<std::string> names_;
};

struct MemoryStateStore::Row {
  CredentialState state;
  std::map<std::string, SinkState> sinks;
  std::map<Generation, std::pair<StoredGeneration, Secret>> generations;
  std::set<std::pair<std::string, Generation>> notified;
  std::uint64_t epoch = 0;
  std::optional<Instant> absent_since;
};

struct MemoryStateStore::RotationRow {
  Rotation rotation;
  std::optional<Secret> reply;
  std::optional<Secret> candidate;
};

struct MemoryStateStore::Disk {
  std::map<std::string, Row> rows;
  std::map<RotationId, RotationRow> rotations;
  std::vector<AuditEntry> audit;
  RotationId last_id = 0;
};

namespace memory_state_store {

inline tl::unexpected<Error> Fail(ErrorKind kind, std::string reason, std::string message) {
  return MakeError(kind, std::move(reason), std::move(message));
}
inline tl::unexpected<Error> Stale(const std::string& what) {
  return Fail(ErrorKind::kAborted, "stale", what);
}

// The step that was just taken.
inline void Note(Rotation& rotation) {
  if (rotation.steps.size() == kMostSteps) rotation.steps.erase(rotation.steps.begin() + 1);
  rotation.steps.push_back({rotation.state, rotation.changed_at, rotation.note});
}

}  // namespace memory_state_store

inline const MemoryStateStore::RotationRow* MemoryStateStore::UnfinishedOf(
    const std::string& credential) const {
  for (const auto& [id, row] : disk_->rotations) {
    if (row.rotation.credential == credential && IsUnfinished(row.rotation.state)) return &row;
  }
  return nullptr;
}

inline Result<std::vector<CredentialState>> MemoryStateStore::LoadStates() {
  return Call<std::vector<CredentialState>>("LoadStates", [this] {
    std::vector<CredentialState> states;
    for (const auto& [name, row] : disk_->rows) {
      CredentialState state = row.state;
      state.sinks.clear();
      for (const auto& [target, sink] : row.sinks) state.sinks.push_back(sink);
      const RotationRow* unfinished = UnfinishedOf(name);
      state.rotation =
          unfinished != nullptr ? std::optional(unfinished->rotation.state) : std::nullopt;
      states.push_back(std::move(state));
    }
    return Result<std::vector<CredentialState>>(std::move(states));
  });
}

inline Status MemoryStateStore::SaveState(const CredentialState& state) {
  return Call<void>("SaveState", [&]() -> Status {
    CredentialState& kept = disk_->rows[state.name].state;
    CredentialState next = state;
    next.generation = kept.generation;
    next.fingerprint = kept.fingerprint;
    next.generation_since = kept.generation_since;
    next.origin = kept.origin;
    kept = std::move(next);
    return {};
  });
}

inline Status MemoryStateStore::SaveSink(const std::string& credential, const SinkState& sink) {
  return Call<void>("SaveSink", [&]() -> Status {
    Row& row = disk_->rows[credential];
    row.state.name = credential;
    row.sinks[sink.target] = sink;
    return {};
  });
}

inline Status MemoryStateStore::ForgetSink(const std::string& credential,
                                           const std::string& target) {
  return Call<void>("ForgetSink", [&]() -> Status {
    const auto row = disk_->rows.find(credential);
    if (row != disk_->rows.end()) row->second.sinks.erase(target);
    return {};
  });
}

inline Status MemoryStateStore::MarkAbsent(const std::vector<std::string>& present, Instant now) {
  return Call<void>("MarkAbsent", [&]() -> Status {
    const std::set<std::string> names(present.begin(), present.end());
    for (auto row = disk_->rows.begin(); row != disk_->rows.end();) {
      std::optional<Instant>& since = row->second.absent_since;
      if (names.count(row->first) != 0) {
        since.reset();
      } else if (!since) {
        since = now;
      }
      if (since && *since < now - keep_absent_) {
        for (auto it = disk_->rotations.begin(); it != disk_->rotations.end();) {
          const bool gone = it->second.rotation.credential == row->first;
          it = gone ? disk_->rotations.erase(it) : std::next(it);
        }
        row = disk_->rows.erase(row);
      } else {
        ++row;
      }
    }
    return {};
  });
}

inline Result<Secret> MemoryStateStore::LoadValue(const std::string& credential,
                                                  Generation generation) {
  return Call<Secret>("LoadValue", [&]() -> Result<Secret> {
    const auto& generations = disk_->rows[credential].generations;
    const auto found = generations.find(generation);
    if (found == generations.end()) {
      return memory_state_store::Fail(ErrorKind::kNotFound, "no_value", "no such generation");
    }
    if (found->second.first.retired) {
      return memory_state_store::Fail(ErrorKind::kNotFound, "retired", "the value was retired");
    }
    return found->second.second.Clone();
  });
}

inline Result<std::vector<StoredGeneration>> MemoryStateStore::LoadGenerations(
    const std::string& credential) {
  return Call<std::vector<StoredGeneration>>("LoadGenerations", [&] {
    std::vector<StoredGeneration> stored;
    for (const auto& [number, entry] : disk_->rows[credential].generations) {
      stored.push_back(entry.first);
    }
    return Result<std::vector<StoredGeneration>>(std::move(stored));
  });
}

inline Result<Rotation> MemoryStateStore::Begin(const std::string& credential, Origin origin,
                                                Generation from, std::uint64_t epoch, Instant now,
                                                std::size_t) {
  return Call<Rotation>("Begin", [&]() -> Result<Rotation> {
    Row& row = disk_->rows[credential];
    row.state.name = credential;
    if (UnfinishedOf(credential) != nullptr) {
      return memory_state_store::Fail(ErrorKind::kAborted, "in_flight", "a rotation is in flight");
    }
    if (row.state.generation != from) return memory_state_store::Stale("not the generation held");
    if (epoch < row.epoch) return memory_state_store::Stale("a newer refresher was here");
    row.epoch = epoch;
    RotationRow begun;
    begun.rotation.id = ++disk_->last_id;
    begun.rotation.credential = credential;
    begun.rotation.origin = origin;
    begun.rotation.from_generation = from;
    begun.rotation.epoch = epoch;
    begun.rotation.started_at = begun.rotation.changed_at = now;
    memory_state_store::Note(begun.rotation);
    const Rotation rotation = begun.rotation;
    disk_->rotations.emplace(rotation.id, std::move(begun));
    return rotation;
  });
}

inline Result<Rotation> MemoryStateStore::Advance(RotationId id, RotationStep step, Instant now) {
  return Call<Rotation>("Advance", [&]() -> Result<Rotation> {
    const auto found = disk_->rotations.find(id);
    if (found == disk_->rotations.end()) {
      return memory_state_store::Fail(ErrorKind::kNotFound, "no_rotation", "no such rotation");
    }
    RotationRow& row = found->second;
    Rotation& rotation = row.rotation;
    if (!CanFollow(rotation.state, step.to)) return memory_state_store::Stale("does not follow");
    const bool incomplete = (step.to == RotationState::kReceived && !step.reply) ||
                            (step.to == RotationState::kCandidate && !step.candidate) ||
                            step.to == RotationState::kCurrent;
    if (incomplete) {
      return memory_state_store::Fail(ErrorKind::kInvalidArgument, "incomplete_step", "incomplete");
    }
    if (!IsUnfinished(rotation.state) && UnfinishedOf(rotation.credential) != nullptr) {
      return memory_state_store::Fail(ErrorKind::kAborted, "in_flight", "a rotation is in flight");
    }
    if (step.reply) row.reply = std::move(step.reply);
    if (step.candidate) {
      row.candidate = std::move(step.candidate);
      rotation.candidate_fingerprint = step.candidate_fingerprint;
    }
    rotation.has_reply = row.reply.has_value();
    rotation.has_candidate = row.candidate.has_value();
    rotation.state = step.to;
    rotation.note = step.note;
    rotation.changed_at = now;
    memory_state_store::Note(rotation);
    return rotation;
  });
}

inline Result<Rotation> MemoryStateStore::Promote(RotationId id, const CredentialState& state,
                                                  Instant now) {
  return Call<Rotation>("Promote", [&]() -> Result<Rotation> {
    const auto found = disk_->rotations.find(id);
    if (found == disk_->rotations.end()) {
      return memory_state_store::Fail(ErrorKind::kNotFound, "no_rotation", "no such rotation");
    }
    RotationRow& promoted = found->second;
    Row& row = disk_->rows[promoted.rotation.credential];
    const Generation next = row.state.generation + 1;
    if (promoted.rotation.state != RotationState::kProven || !promoted.candidate ||
        promoted.rotation.from_generation + 1 != next || state.generation != next ||
        state.name != promoted.rotation.credential) {
      return memory_state_store::Stale("does not follow");
    }
    row.generations[next] = {StoredGeneration{next, promoted.rotation.candidate_fingerprint,
                                              promoted.rotation.origin, now, false},
                             std::move(*promoted.candidate)};
    row.state = state;
    row.state.fingerprint = promoted.rotation.candidate_fingerprint;
    promoted.rotation.state = RotationState::kCurrent;
    promoted.rotation.to_generation = next;
    promoted.rotation.changed_at = now;
    promoted.rotation.note.clear();
    memory_state_store::Note(promoted.rotation);
    // A newer proven value exists: nothing older can be needed any more.
    for (auto& [other_id, other] : disk_->rotations) {
      if (other.rotation.credential != state.name) continue;
      other.reply.reset();
      other.candidate.reset();
      other.rotation.has_reply = other.rotation.has_candidate = false;
    }
    return promoted.rotation;
  });
}

inline Status MemoryStateStore::Retire(const std::string& credential, Generation keep_from,
                                       Instant) {
  return Call<void>("Retire", [&]() -> Status {
    Row& row = disk_->rows[credential];
    if (keep_from > row.state.generation) {
      return memory_state_store::Fail(ErrorKind::kInvalidArgument, "would_lose_current",
                                      "the current value must stay");
    }
    for (auto& [number, entry] : row.generations) {
      if (number >= keep_from) break;
      entry.first.retired = true;
      entry.second = Secret();
    }
    return {};
  });
}

inline Result<std::vector<Rotation>> MemoryStateStore::LoadUnfinished() {
  return Call<std::vector<Rotation>>("LoadUnfinished", [&] {
    std::vector<Rotation> unfinished;
    for (const auto& [id, row] : disk_->rotations) {
      if (IsUnfinished(row.rotation.state)) unfinished.push_back(row.rotation);
    }
    return Result<std::vector<Rotation>>(std::move(unfinished));
  });
}

inline Result<std::optional<Rotation>> MemoryStateStore::LoadLatestRotation(
    const std::string& credential) {
  return Call<std::optional<Rotation>>("LoadLatestRotation", [&] {
    std::optional<Rotation> latest;
    for (const auto& [id, row] : disk_->rotations) {
      if (row.rotation.credential == credential) latest = row.rotation;
    }
    const RotationRow* unfinished = UnfinishedOf(credential);
    if (unfinished != nullptr) latest = unfinished->rotation;
    return Result<std::optional<Rotation>>(std::move(latest));
  });
}

inline Result<std::vector<Rotation>> MemoryStateStore::LoadRefused(const std::string& credential) {
  return Call<std::vector<Rotation>>("LoadRefused", [&] {
    std::vector<Rotation> refused;
    for (const auto& [id, row] : disk_->rotations) {
      const Rotation& rotation = row.rotation;
      if (rotation.credential == credential && rotation.state == RotationState::kRefused &&
          row.candidate) {
        refused.insert(refused.begin(), rotation);
      }
    }
    return Result<std::vector<Rotation>>(std::move(refused));
  });
}

inline Result<Secret> MemoryStateStore::LoadReply(RotationId id) {
  return Call<Secret>("LoadReply", [&]() -> Result<Secret> {
    const auto found = disk_->rotations.find(id);
    if (found == disk_->rotations.end() || !found->second.reply) {
      return memory_state_store::Fail(ErrorKind::kNotFound, "no_reply", "no reply is stored");
    }
    return found->second.reply->Clone();
  });
}

inline Result<Secret> MemoryStateStore::LoadCandidate(RotationId id) {
  return Call<Secret>("LoadCandidate", [&]() -> Result<Secret> {
    const auto found = disk_->rotations.find(id);
    if (found == disk_->rotations.end() || !found->second.candidate) {
      return memory_state_store::Fail(ErrorKind::kNotFound, "no_candidate", "none is stored");
    }
    return found->second.candidate->Clone();
  });
}

inline Result<bool> MemoryStateStore::ClaimNotification(const std::string& credential,
                                                        const std::string& target,
                                                        Generation generation, Instant) {
  return Call<bool>("ClaimNotification", [&] {
    return Result<bool>(disk_->rows[credential].notified.insert({target, generation}).second);
  });
}

inline Status MemoryStateStore::Audit(const AuditEntry& entry) {
  return Call<void>("Audit", [&]() -> Status {
    disk_->audit.push_back(entry);
    return {};
  });
}

inline Result<std::vector<AuditEntry>> MemoryStateStore::LoadAudit(const std::string& credential,
                                                                   int newest) {
  return Call<std::vector<AuditEntry>>("LoadAudit", [&] {
    std::vector<AuditEntry> entries;
    for (auto entry = disk_->audit.rbegin(); entry != disk_->audit.rend(); ++entry) {
      if (static_cast<int>(entries.size()) >= newest) break;
      if (credential.empty() || entry->credential == credential) entries.push_back(*entry);
    }
    return Result<std::vector<AuditEntry>>(std::move(entries));
  });
}

}  // namespace tokenwarden
