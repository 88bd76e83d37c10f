// Two agents on one state: of a deposed holder and its successor only one can go on.
#include <functional>
#include <thread>

#include "tests/unit/adapters/documents/replicas.h"

namespace tokenwarden::documents {
namespace {

class Fencing : public Replicas {
 protected:
  // The holder has a rotation at `requested`; its successor knows as much as it does.
  Fencing() {
    MakeGeneration(holder_, "a", 1, "value-1");
    TakeUp(holder_, "a", kHolder);
    id_ = Begin(holder_, "a", 1, kHolder);
    Step(holder_, id_, To(RotationState::kRequested));
    TakeUp(successor_, "a", kSuccessor);
  }

  // Epochs.
  static constexpr std::uint64_t kHolder = 3;
  static constexpr std::uint64_t kSuccessor = 4;

  Replica holder_ = Start();
  Replica successor_ = Start();
  RotationId id_ = 0;
};

TEST_F(Fencing, RefusesEveryDecisionOfAHolderAfterItsSuccessorDecided) {
  struct Row {
    const char* call;
    std::function<Status(StateStore&)> decide;
  };
  const auto status = [](const auto& result) {
    return result ? Status() : Status(tl::unexpected<Error>(result.error()));
  };
  const Row rows[] = {
      {"SaveState",
       [](StateStore& store) {
         CredentialState state = StateOf("a", 1);
         state.spec_digest = "another";
         return store.SaveState(state);
       }},
      {"SaveSink", [](StateStore& store) { return store.SaveSink("a", SinkOf("x", 1)); }},
      {"Begin",
       [&](StateStore& store) {
         return status(store.Begin("a", Origin::kSubmit, 1, 9, kNow, 10));
       }},
      {"Advance",
       [&](StateStore& store) {
         return status(store.Advance(id_, To(RotationState::kAmbiguous), kNow));
       }},
      {"Promote",
       [&](StateStore& store) { return status(store.Promote(id_, StateOf("a", 2), kNow)); }},
      {"Retire", [](StateStore& store) { return store.Retire("a", 1, kNow); }},
  };
  ASSERT_TRUE(successor_->SaveSink("a", SinkOf("x", 0)));
  const auto before = server_->Contents();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.call);
    ExpectStale(row.decide(*holder_.store));
    ExpectStale(row.decide(*holder_.store));
  }
  EXPECT_EQ(server_->Contents(), before);
}

TEST_F(Fencing, LetsAHolderGoOnOnlyAtAnEpochOfItsOwn) {
  ASSERT_TRUE(successor_->SaveSink("a", SinkOf("x", 1)));
  ExpectStale(holder_->SaveSink("a", SinkOf("y", 1)));
  ExpectStale(holder_->TakeUp("a", kHolder));
  ExpectStale(holder_->SaveSink("a", SinkOf("y", 1)));
  EXPECT_EQ(TakeUp(holder_, "a", kSuccessor + 1).sinks.size(), 1u);
  EXPECT_TRUE(holder_->SaveSink("a", SinkOf("y", 1)));
  ExpectStale(successor_->SaveSink("a", SinkOf("x", 2)));
  ExpectStale(successor_->TakeUp("a", kSuccessor));
}

// Paused between the look at its lease and the look at the state.
TEST_F(Fencing, RefusesAHolderThatReadsOnlyAfterItsSuccessorDecided) {
  const Replica late = Start();
  ASSERT_TRUE(successor_->SaveSink("a", SinkOf("x", 1)));
  ExpectStale(late->TakeUp("a", kHolder));
  ExpectStale(late->SaveSink("a", SinkOf("y", 1)));
}

TEST_F(Fencing, LetsASuccessorGoOnAfterALateDecisionBeforeItsFirst) {
  ASSERT_TRUE(holder_->SaveSink("a", SinkOf("late", 1)));
  ExpectStale(successor_->SaveSink("a", SinkOf("x", 1)));
  EXPECT_EQ(TakeUp(successor_, "a", kSuccessor).sinks.size(), 1u);
  EXPECT_TRUE(successor_->SaveSink("a", SinkOf("x", 1)));
  ExpectStale(holder_->SaveSink("a", SinkOf("late", 2)));
}

TEST_F(Fencing, SaysWhatToDoWithoutCoordination) {
  const Result<std::optional<CredentialState>> taken = Start()->TakeUp("a", 0);
  ExpectStale(taken);
  EXPECT_NE(taken.error().action.find("coordination"), std::string::npos);
}

TEST_F(Fencing, DoesNotTakeALookForTakingUp) {
  ASSERT_TRUE(successor_->SaveSink("a", SinkOf("x", 1)));
  ExpectStale(holder_->SaveSink("a", SinkOf("y", 1)));
  EXPECT_EQ(holder_->LoadStates()->front().sinks.size(), 1u) << "it sees what there is";
  EXPECT_EQ((*holder_->LoadState("a"))->sinks.size(), 1u);
  EXPECT_TRUE(holder_->LoadLatestRotation("a")->has_value());
  EXPECT_TRUE(holder_->LoadValue("a", 1));
  EXPECT_EQ(holder_->LoadUnfinished()->size(), 1u);
  ExpectStale(holder_->SaveSink("a", SinkOf("y", 1)));
}

TEST_F(Fencing, NoticesAtALookThatAnotherDecided) {
  const Replica looking = Start({{}, kDay, 8, 16, {std::chrono::milliseconds{0}, 64}});
  TakeUp(looking, "a", kHolder);
  ASSERT_TRUE(successor_->SaveSink("a", SinkOf("x", 1)));
  ASSERT_TRUE(looking->LoadLatestRotation("a"));
  const int writes = server_->writes();
  ExpectStale(looking->SaveSink("a", SinkOf("y", 1)));
  EXPECT_EQ(server_->writes(), writes) << "no need to try";
}

TEST_F(Fencing, LetsOneOfTwoWhoBeginAtOnceWin) {
  for (int round = 0; round < 20; ++round) {
    const std::string name = "race-" + std::to_string(round);
    const Replica first = Start(), second = Start();
    TakeUp(first, name, 1);
    TakeUp(second, name, 1);
    std::atomic<int> begun{0};
    const auto begin = [&](const Replica& replica) {
      if (replica->Begin(name, Origin::kRefresh, 0, 1, kNow, 100)) ++begun;
    };
    std::thread other([&] { begin(second); });
    begin(first);
    other.join();
    EXPECT_EQ(begun, 1) << name;
  }
}

TEST_F(Fencing, RefusesAnOlderEpochEvenFromOneThatReadEverything) {
  Step(holder_, id_, To(RotationState::kFailed));
  TakeUp(successor_, "a", kSuccessor);
  const RotationId newer = Begin(successor_, "a", 1, kSuccessor);
  Step(successor_, newer, To(RotationState::kFailed));
  ExpectStale(Start()->Begin("a", Origin::kRefresh, 1, kHolder, kNow, 10));
}

// ---- the reply that comes late ----

TEST_F(Fencing, StoresTheReplyOfADeposedHolderAndTellsItsSuccessor) {
  ASSERT_TRUE(successor_->SaveSink("a", SinkOf("x", 1)));
  Result<Rotation> received = holder_->Advance(id_, Received("the only copy"), kNow);
  ASSERT_TRUE(received) << received.error().message;
  ExpectStale(holder_->Advance(id_, Candidate("value-2"), kNow));
  ExpectStale(successor_->Advance(id_, To(RotationState::kAmbiguous), kNow));
  EXPECT_EQ(TakeUp(successor_, "a", kSuccessor).rotation, RotationState::kReceived);
  EXPECT_EQ(successor_->LoadReply(id_)->Reveal(), "the only copy");
  Step(successor_, id_, Candidate("value-2"));
}

TEST_F(Fencing, StoresItAlsoAfterTheSuccessorGaveItUpAsLost) {
  Step(successor_, id_, To(RotationState::kAmbiguous, "no reply"));
  ASSERT_TRUE(holder_->Advance(id_, Received("late"), kNow));
  EXPECT_EQ(TakeUp(successor_, "a", kSuccessor).rotation, RotationState::kReceived);
}

TEST_F(Fencing, DoesNotTakeTheReplyOfOneRequestForThatOfAnother) {
  Step(successor_, id_, To(RotationState::kAmbiguous, "no reply"));
  ASSERT_TRUE(successor_->Advance(id_, To(RotationState::kRequested), kNow + Seconds{20}));
  ExpectStale(holder_->Advance(id_, Received("of the first"), kNow));
  Step(successor_, id_, Received("of the second"));
  EXPECT_EQ(successor_->LoadReply(id_)->Reveal(), "of the second");
}

// ---- what overrules nobody ----

TEST_F(Fencing, LetsOthersNoteWithoutDisturbingTheHolder) {
  ASSERT_TRUE(successor_->Audit({kNow, "a", "asked", "by somebody"}));
  ASSERT_TRUE(successor_->ClaimNotification("a", "exec x", 1, kNow));
  Step(holder_, id_, Received("reply"));
  ASSERT_TRUE(holder_->Audit({kNow + Seconds{1}, "a", "received", "at once"}));
  ASSERT_TRUE(successor_->Audit({kNow + Seconds{2}, "a", "asked", "again"}));
  Result<std::vector<AuditEntry>> entries = Start()->LoadAudit("a", 10);
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].sentence, "again");
  EXPECT_EQ((*entries)[2].sentence, "by somebody");
  EXPECT_EQ(Start()->LoadReply(id_)->Reveal(), "reply");
}

TEST_F(Fencing, ClaimsANotificationForOneOfManyReplicas) {
  std::vector<Replica> replicas;
  for (int i = 0; i < 6; ++i) replicas.push_back(Start());
  for (Generation generation : {1u, 2u, 3u}) {
    std::atomic<int> first{0};
    std::vector<std::thread> claimers;
    for (const Replica& replica : replicas) {
      claimers.emplace_back([&] {
        Result<bool> claimed = replica->ClaimNotification("a", "exec x", generation, kNow);
        ASSERT_TRUE(claimed) << claimed.error().message;
        if (*claimed) ++first;
      });
    }
    for (std::thread& claimer : claimers) claimer.join();
    EXPECT_EQ(first, 1) << generation;
  }
  EXPECT_EQ(*holder_->ClaimNotification("a", "exec x", 2, kNow), false) << "3 was told already";
}

}  // namespace
}  // namespace tokenwarden::documents
