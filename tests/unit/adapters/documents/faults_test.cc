// The network between an agent and the server: every write of a rotation fails in every way.
#include <functional>

#include "tests/unit/adapters/documents/replicas.h"

namespace tokenwarden::documents {
namespace {

class Faults : public Replicas {
 protected:
  // One renewal as the agent drives it: what failed is looked up, never repeated blindly.
  void Renew(const Replica& on) {
    for (int tries = 0; tries < 20 && !RenewedOnce(on); ++tries) server_->DeliverLate();
  }

 private:
  bool RenewedOnce(const Replica& on) {
    const CredentialState state = TakeUp(on, "a", 7);
    if (state.generation == 2 && !state.rotation) return true;
    std::optional<Rotation> rotation = *on->LoadLatestRotation("a");
    if (!state.rotation) {
      Result<Rotation> begun = on->Begin("a", Origin::kRefresh, 1, 7, kNow, 4096);
      if (!begun) return false;
      rotation = *begun;
    }
    while (IsUnfinished(rotation->state)) {
      Result<Rotation> next = Next(on, *rotation);
      if (!next) return false;
      rotation = *next;
    }
    return true;
  }
  static Result<Rotation> Next(const Replica& on, const Rotation& rotation) {
    switch (rotation.state) {
      case RotationState::kIntent:
        return on->Advance(rotation.id, To(RotationState::kRequested), kNow);
      case RotationState::kRequested:
        return on->Advance(rotation.id, Received("reply"), kNow);
      case RotationState::kReceived:
        EXPECT_EQ(on->LoadReply(rotation.id)->Reveal(), "reply");
        return on->Advance(rotation.id, Candidate("value-2"), kNow);
      case RotationState::kCandidate:
        return on->Advance(rotation.id, To(RotationState::kProven), kNow);
      case RotationState::kProven:
        return on->Promote(rotation.id, StateOf("a", 2), kNow);
      default:
        return on->Advance(rotation.id, To(RotationState::kRetired), kNow);
    }
  }
};

TEST_F(Faults, LoseNothingWhicheverWriteOfARenewalFailsInWhateverWay) {
  constexpr int kWritesOfARenewal = 7;
  for (Fault fault : {Fault::kOutage, Fault::kLostReply, Fault::kLate, Fault::kLostTwice}) {
    for (int failing = 1; failing <= kWritesOfARenewal; ++failing) {
      SCOPED_TRACE(std::to_string(static_cast<int>(fault)) + " at write " +
                   std::to_string(failing));
      server_->fault = nullptr;
      for (const auto& each : server_->Contents()) server_->Delete(each.first);
      const Replica replica = Start();
      MakeGeneration(replica, "a", 1, "value-1");
      FailWrite(failing, fault);
      Renew(replica);
      server_->fault = nullptr;
      const Replica after = Start();
      EXPECT_EQ(TakeUp(after, "a", 7).generation, 2u);
      EXPECT_EQ(after->LoadValue("a", 2)->Reveal(), "value-2");
      EXPECT_EQ(after->LoadValue("a", 1)->Reveal(), "value-1");
      EXPECT_EQ((*after->LoadLatestRotation("a"))->steps.size(), 7u) << "each step once";
    }
  }
}

TEST_F(Faults, TakeAWriteForDoneWhenOnlyItsReplyWasLost) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  for (Fault fault : {Fault::kLostReply, Fault::kLostTwice}) {
    FailWrite(1, fault);
    const RotationId id = Begin(replica, "a", 1);
    FailWrite(1, fault);
    Step(replica, id, To(RotationState::kRequested));
    FailWrite(1, fault);
    Step(replica, id, To(RotationState::kFailed));
  }
}

TEST_F(Faults, SayThatAWriteDidNotHappenAndChangeNothing) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  const auto before = server_->Contents();
  FailWrite(1, Fault::kOutage);
  Result<Rotation> begun = replica->Begin("a", Origin::kRefresh, 1, 0, kNow, 100);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(server_->Contents(), before);
  server_->fault = nullptr;
  EXPECT_TRUE(replica->Begin("a", Origin::kRefresh, 1, 0, kNow, 100)) << "and can be repeated";
}

TEST_F(Faults, FindAWriteThatArrivedLate) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  FailWrite(1, Fault::kLate);
  ASSERT_FALSE(replica->Begin("a", Origin::kRefresh, 1, 0, kNow, 100));
  server_->fault = nullptr;
  server_->DeliverLate();
  EXPECT_EQ(replica->Begin("a", Origin::kRefresh, 1, 0, kNow, 100).error().reason, "in_flight");
  EXPECT_EQ(TakeUp(replica, "a").rotation, RotationState::kIntent);
}

TEST_F(Faults, DoNotLetALateWriteOverruleALaterOne) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  CredentialState state = StateOf("a", 1);
  state.spec_digest = "first";
  FailWrite(1, Fault::kLate);
  ASSERT_FALSE(replica->SaveState(state));
  server_->fault = nullptr;
  state.spec_digest = "second";
  ASSERT_TRUE(replica->SaveState(state));
  server_->DeliverLate();
  EXPECT_EQ(TakeUp(replica, "a").spec_digest, "second");
}

TEST_F(Faults, LetAClaimThatFailedBeMadeAgain) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  FailWrite(1, Fault::kOutage);
  EXPECT_FALSE(replica->ClaimNotification("a", "exec x", 1, kNow));
  server_->fault = nullptr;
  EXPECT_EQ(replica->ClaimNotification("a", "exec x", 1, kNow), true);
}

TEST_F(Faults, SayThatTheServerIsAwayAndComeBackWithIt) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  server_->fault = [](const std::string&, bool) { return Fault::kOutage; };
  EXPECT_EQ(replica->TakeUp("a", 0).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(replica->SaveSink("a", SinkOf("x", 1)).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(replica->LoadStates().error().kind, ErrorKind::kUnavailable);
  server_->fault = nullptr;
  EXPECT_TRUE(replica->SaveSink("a", SinkOf("x", 1)));
}

// ---- room ----

TEST_F(Faults, NoticeAFullServerBeforeTheIssuerIsAsked) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  std::size_t used = 0;
  for (const auto& each : server_->Contents()) used += each.second.size();
  server_->most_bytes = used + 8000;
  Result<Rotation> begun = replica->Begin("a", Origin::kRefresh, 1, 0, kNow, 64 * 1024);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind, ErrorKind::kResourceExhausted);
  EXPECT_EQ(TakeUp(replica, "a").rotation, std::nullopt);
}

TEST_F(Faults, KeepTheRoomForTheReplyUntilItComes) {
  constexpr std::size_t kReply = 64 * 1024;
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  const RotationId id = replica->Begin("a", Origin::kRefresh, 1, 0, kNow, kReply)->id;
  Step(replica, id, To(RotationState::kRequested));
  std::size_t used = 0;
  for (const auto& each : server_->Contents()) used += each.second.size();
  server_->most_bytes = used;
  EXPECT_EQ(replica->Begin("b", Origin::kSubmit, 0, 0, kNow, 10).error().kind,
            ErrorKind::kResourceExhausted);
  Step(replica, id, Received(std::string(kReply, 'r')));
  EXPECT_EQ(replica->LoadReply(id)->size(), kReply);
}

TEST_F(Faults, GiveTheRoomBackWhenThereIsNoReply) {
  const Replica replica = Start();
  const RotationId id = replica->Begin("a", Origin::kRefresh, 0, 0, kNow, 64 * 1024)->id;
  EXPECT_GT(server_->Contents()["a"].size(), 64u * 1024);
  Step(replica, id, To(RotationState::kFailed));
  EXPECT_LT(server_->Contents()["a"].size(), 2048u);
}

}  // namespace
}  // namespace tokenwarden::documents
