#include "agent/app/rotation.h"

#include <gtest/gtest.h>

#include "agent/app/reply_codec.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

struct DueWorld : World {
  DueWorld() {
    spec.renew.before = 14 * kDay;
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
  }
};

Error Lost() {
  return Error{ErrorKind::kUnavailable, "connection_lost", "the connection was lost", ""};
}

TEST(Rotation, SendsOneRequestOnlyWhenTheReplyIsLostAndAsksAgainLater) {
  DueWorld world;
  world.issuer.FailSend(Lost(), /*commit_first=*/true);
  world.Pass();
  EXPECT_EQ(world.issuer.exchanges(), 1);
  EXPECT_EQ(world.Held(), "first");
  EXPECT_EQ(world.state().generation, 1u);
  world.issuer.NextRenewal("third", world.Living(60 * kDay, Seconds{0}));
  world.clock.Advance(kDay);
  world.Pass();
  EXPECT_EQ(world.issuer.exchanges(), 2);
  EXPECT_EQ(world.Held(), "third");
}

TEST(Rotation, NeverAsksAStrictIssuerAgainByItselfAfterALostReply) {
  DueWorld world;
  world.issuer.set_rotation_model(RotationModel::kStrict);
  world.issuer.FailSend(Lost(), /*commit_first=*/true);
  world.Pass();
  for (int hour = 0; hour < 24; ++hour) {
    world.clock.Advance(kHour);
    world.Pass();
  }
  EXPECT_EQ(world.issuer.exchanges(), 1);
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, "lost_reply");
}

TEST(Rotation, TriesAgainWithGrowingPausesWhenTheIssuerCannotBeReached) {
  DueWorld world;
  world.issuer.FailSend({ErrorKind::kUnavailable, "connect", "refused", ""}, false, 3);
  world.Pass();
  EXPECT_EQ(world.issuer.exchanges(), 0);
  EXPECT_EQ(world.state().renew.consecutive_failures, 1u);
  world.Pass();
  EXPECT_EQ(world.state().renew.consecutive_failures, 1u) << "the pause is kept";
  for (int hour = 0; hour < 8; ++hour) {
    world.clock.Advance(kHour);
    world.Pass();
  }
  EXPECT_EQ(world.Held(), "second");
}

TEST(Rotation, TreatsTheSameTokenAsNoNewsAndDoesNotRepeatTheQuestionAtOnce) {
  DueWorld world;
  world.issuer.NextRenewal("first", world.Living(2 * kDay, 58 * kDay));
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u);
  EXPECT_EQ(world.issuer.exchanges(), 1);
  world.clock.Advance(kHour);
  world.Pass();
  EXPECT_EQ(world.issuer.exchanges(), 1);
}

// A process that ends after any durable step goes on from the store alone.
TEST(Rotation, GoesOnFromEveryDurableStepAfterARestart) {
  DueWorld whole;
  whole.Start();
  const int before = whole.store.calls();
  whole.Pass();
  const int all_calls = whole.store.calls() - before;
  ASSERT_GT(all_calls, 10);
  for (int calls = 1; calls <= all_calls; ++calls) {
    DueWorld broken;
    broken.Start();
    broken.store.FailCall(calls, MemoryStateStore::FailWhen::kBefore, all_calls);
    broken.Pass();
    broken.store.FailCall(1, MemoryStateStore::FailWhen::kBefore, 0);
    broken.keeper.reset();
    for (int hour = 0; hour < 8; ++hour) {
      broken.Pass();
      broken.clock.Advance(kHour);
    }
    const std::string held = broken.Held();
    ASSERT_FALSE(broken.issuer.minted().empty()) << calls;
    EXPECT_TRUE(held == broken.issuer.minted().back()) << "after " << calls << " calls: " << held;
    EXPECT_LE(broken.issuer.exchanges(), 2) << calls;
  }
}

// The disk fails exactly when the reply is to be stored: the process keeps it and never asks twice.
TEST(Rotation, KeepsAReplyInMemoryUntilTheDiskTakesItAndNeverAsksAgainMeanwhile) {
  DueWorld whole;
  whole.Start();
  const int before = whole.store.calls();
  whole.Pass();
  const std::vector<std::string> names = whole.store.call_names();
  int receive = 0;  // the Advance after the request: intent, requested, then received
  int advances = 0;
  for (std::size_t i = static_cast<std::size_t>(before); i < names.size(); ++i) {
    if (names[i] == "Begin") advances = 0;
    if (names[i] == "Advance" && ++advances == 2) receive = static_cast<int>(i) - before + 1;
  }
  ASSERT_GT(receive, 0);

  DueWorld world;
  world.issuer.set_rotation_model(RotationModel::kStrictFamily);
  world.Start();
  world.store.FailCall(receive, MemoryStateStore::FailWhen::kBefore, 1000);
  world.Pass();
  ASSERT_EQ(world.issuer.exchanges(), 1);
  EXPECT_TRUE(world.keeper->unsaved_reply.has_value());
  for (int minute = 0; minute < 30; ++minute) {
    world.clock.Advance(kMinute);
    world.Pass();
  }
  EXPECT_EQ(world.issuer.exchanges(), 1);
  EXPECT_EQ(world.Held(), "first");
  world.store.FailCall(1, MemoryStateStore::FailWhen::kBefore, 0);
  world.clock.Advance(kMinute);
  world.Pass();
  EXPECT_EQ(world.Held(), "second") << "the only copy was kept";
  EXPECT_FALSE(world.keeper->unsaved_reply.has_value());
  EXPECT_EQ(world.issuer.exchanges(), 1);
}

TEST(Rotation, TakesASubmittedValueWhileAReplyIsLost) {
  DueWorld world;
  world.issuer.set_rotation_model(RotationModel::kStrict);
  world.issuer.FailSend(Lost(), /*commit_first=*/true);
  world.Pass();
  ASSERT_EQ(world.state().rotation, RotationState::kAmbiguous);
  world.issuer.Mint("brought", world.Living(60 * kDay, Seconds{0}));
  const Deps deps = world.deps();
  {
    Work work(deps, *world.keeper, WorkLimits{});
    Result<RotationOutcome> outcome = Rotator().Offer(work, Origin::kSubmit, Secret("brought"), "");
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_EQ(*outcome, RotationOutcome::kPromoted);
  }
  world.Pass();
  EXPECT_EQ(world.Held(), "brought");
  EXPECT_FALSE(world.state().operator_need.has_value());
}

TEST(Rotation, NeverGivesUpARenewedValueThatCouldNotBeProvenYet) {
  DueWorld world;
  world.Pass();  // settled on "second"
  world.issuer.set_rotation_model(RotationModel::kStrictFamily);
  world.issuer.Mint("second", world.Living(2 * kDay, 58 * kDay));
  world.keeper->asked_inspect = true;
  world.issuer.NextRenewal("third", world.Living(60 * kDay, Seconds{0}));
  world.clock.Advance(kHour);
  world.Pass();
  ASSERT_EQ(world.Held(), "third");

  DueWorld silent;
  silent.issuer.set_rotation_model(RotationModel::kStrictFamily);
  silent.Start();
  silent.issuer.SilentAfterExchange(Reason::kOutage);
  silent.Pass();
  ASSERT_EQ(silent.state().rotation, RotationState::kCandidate);
  for (int hour = 0; hour < 12; ++hour) {
    silent.keeper->asked_refresh = true;
    silent.clock.Advance(kHour);
    silent.Pass();
  }
  EXPECT_EQ(silent.issuer.exchanges(), 1);
  silent.issuer.BeSilent(std::nullopt);
  silent.clock.Advance(kHour);
  silent.Pass();
  EXPECT_EQ(silent.Held(), "second");
  EXPECT_EQ(silent.issuer.exchanges(), 1);
}

TEST(Rotation, RollsBackToThePreviousValueAfterProvingIt) {
  DueWorld world;
  world.spec.settle = kDay;
  world.Pass();
  ASSERT_EQ(world.Held(), "second");
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  Result<RotationOutcome> outcome = Rotator().RollBack(work);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(*outcome, RotationOutcome::kPromoted);
  world.issuer.NextRenewal("never asked for", FakeToken{});
  world.spec.renew.enabled = false;
  world.Start();
  world.Pass();
  EXPECT_EQ(world.Held(), "first");
  EXPECT_EQ(world.state().generation, 3u);
  EXPECT_EQ(world.state().origin, Origin::kRollback);
}

TEST(Rotation, DoesNotRollBackToAValueThatDied) {
  DueWorld world;
  world.spec.settle = kDay;
  world.Pass();
  world.issuer.Kill("first", Verdict::kRevoked, Reason::kRevokedByApi);
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  Result<RotationOutcome> outcome = Rotator().RollBack(work);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(*outcome, RotationOutcome::kRefused);
  EXPECT_EQ(world.Held(), "second");
}

TEST(Rotation, SaysThatNoEarlierValueIsKeptOnceTheNewOneHasSettled) {
  DueWorld world;
  world.Pass();
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  Result<RotationOutcome> outcome = Rotator().RollBack(work);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().reason, "no_previous_value");
}

TEST(Rotation, KeepsThePreviousValueUntilTheNewOneHasSettled) {
  DueWorld world;
  world.spec.settle = kDay;
  const PassResult pass = world.Pass();
  EXPECT_LE(pass.next_look, world.clock.Now() + kDay);
  EXPECT_EQ(world.state().rotation, RotationState::kPublished);
  EXPECT_TRUE(world.store.LoadValue("whatsapp", 1).has_value());
  world.clock.Advance(kDay + kMinute);
  world.Pass();
  EXPECT_FALSE(world.state().rotation.has_value());
  EXPECT_FALSE(world.store.LoadValue("whatsapp", 1).has_value());
}

struct NotTheHolder : Coordinator {
  std::optional<std::uint64_t> EpochOf(const std::string&) override { return std::nullopt; }
};

TEST(Rotation, LeavesACredentialAloneThatAnotherAgentHolds) {
  DueWorld world;
  NotTheHolder elsewhere;
  const Deps mine = world.deps();
  const Deps deps{mine.clock,   mine.http,          mine.provider, mine.store, mine.places,
                  mine.secrets, mine.fingerprinter, mine.notifier, elsewhere,  mine.events};
  world.Start();
  Reconcile(deps, *world.keeper, WorkLimits{});
  EXPECT_EQ(world.issuer.exchanges(), 0);
  EXPECT_EQ(world.issuer.inspections(), 0);
  EXPECT_TRUE(world.places.writes().empty());
}

TEST(ReplyCodec, KeepsEveryByteOfAReply) {
  HttpReply reply;
  reply.status = 200;
  reply.headers = {{"content-type", "application/json"}, {"date", "Fri, 20 Nov 2026 10:00:00 GMT"}};
  reply.body = std::string("{\"a\":\n\n1}\0 end", 15);
  Result<HttpReply> back = DecodeReply(EncodeReply(reply));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->status, reply.status);
  EXPECT_EQ(back->headers, reply.headers);
  EXPECT_EQ(back->body, reply.body);
}

TEST(ReplyCodec, RefusesEveryTruncationOfTheHead) {
  HttpReply reply;
  reply.status = 200;
  reply.headers = {{"date", "x"}};
  const Secret whole = EncodeReply(reply);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeReply(Secret(whole.Reveal().substr(0, size))).has_value()) << size;
  }
}

}  // namespace
}  // namespace tokenwarden
