// Replicas of the agent as the store sees them: a store each, on one server in memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/documents/document_state_store.h"
#include "tests/fakes/memory_document_store.h"

namespace tokenwarden::documents {

inline constexpr Instant kNow{Seconds{1'790'000'000}};

struct Replica {
  std::unique_ptr<MemoryDocumentStore> documents;
  std::unique_ptr<StateStore> store;

  StateStore* operator->() const { return store.get(); }
};

class Replicas : public testing::Test {
 protected:
  using Fault = MemoryDocumentStore::Fault;

  Replica Start(Options options = {}) {
    Replica replica;
    replica.documents = std::make_unique<MemoryDocumentStore>(server_);
    Result<std::unique_ptr<StateStore>> store =
        OpenStateStore(*replica.documents, *sealer_, std::move(options));
    EXPECT_TRUE(store) << store.error().message;
    if (store) replica.store = std::move(*store);
    return replica;
  }
  // The n-th write from now (1 = the next) fails that way.
  void FailWrite(int n, Fault fault) {
    server_->fault = [left = n, fault](const std::string&, bool is_write) mutable {
      return is_write && --left == 0 ? fault : Fault::kNone;
    };
  }

  static RotationStep To(RotationState state, const std::string& note = "") {
    RotationStep step;
    step.to = state;
    step.note = note;
    return step;
  }
  static RotationStep Received(const std::string& reply) {
    RotationStep step = To(RotationState::kReceived);
    step.reply = Secret(reply);
    return step;
  }
  static RotationStep Candidate(const std::string& value) {
    RotationStep step = To(RotationState::kCandidate);
    step.candidate = Secret(value);
    step.candidate_fingerprint = {"hmac:" + std::to_string(value.size())};
    return step;
  }
  static CredentialState StateOf(const std::string& name, Generation generation = 0) {
    CredentialState state;
    state.name = name;
    state.generation = generation;
    return state;
  }
  static SinkState SinkOf(const std::string& target, Generation generation) {
    SinkState sink;
    sink.target = target;
    sink.generation = generation;
    return sink;
  }
  static RotationId Begin(const Replica& on, const std::string& name, Generation from = 0,
                          std::uint64_t epoch = 0) {
    Result<Rotation> begun = on->Begin(name, Origin::kRefresh, from, epoch, kNow, 4096);
    EXPECT_TRUE(begun) << begun.error().message;
    return begun ? begun->id : 0;
  }
  static void Step(const Replica& on, RotationId id, RotationStep step) {
    Result<Rotation> stepped = on->Advance(id, std::move(step), kNow);
    ASSERT_TRUE(stepped) << stepped.error().message;
  }
  static void MakeGeneration(const Replica& on, const std::string& name, Generation generation,
                             const std::string& value) {
    const RotationId id = Begin(on, name, generation - 1);
    Step(on, id, Candidate(value));
    Step(on, id, To(RotationState::kProven));
    Result<Rotation> current = on->Promote(id, StateOf(name, generation), kNow);
    ASSERT_TRUE(current) << current.error().message;
    Step(on, id, To(RotationState::kRetired));
  }
  static CredentialState TakeUp(const Replica& on, const std::string& name,
                                std::uint64_t epoch = 0) {
    Result<std::optional<CredentialState>> state = on->TakeUp(name, epoch);
    EXPECT_TRUE(state) << state.error().message;
    return state && *state ? **state : CredentialState{};
  }
  template <typename T>
  static void ExpectStale(const Result<T>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kAborted) << result.error().message;
    EXPECT_EQ(result.error().reason, "stale") << result.error().message;
  }

  const std::shared_ptr<MemoryDocumentStore::Server> server_ =
      std::make_shared<MemoryDocumentStore::Server>();
  const std::unique_ptr<Sealer> sealer_ = crypto::MakeSealer(crypto::RandomKey());
};

}  // namespace tokenwarden::documents
