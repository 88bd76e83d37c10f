// After a lost reply: what the issuer's model says, and how long that holds.
#include "agent/app/recovery.h"

#include <gtest/gtest.h>

#include "agent/app/rotation.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

constexpr RotationModel kModels[] = {RotationModel::kNone, RotationModel::kGraceSame,
                                     RotationModel::kGraceFork, RotationModel::kStrict,
                                     RotationModel::kStrictFamily};

TEST(Recovery, AsksAgainOnlyWhereThatCannotDestroyWhatLives) {
  struct Row {
    RotationModel model;
    AfterLostReply running;
    AfterLostReply passed;
  };
  constexpr AfterLostReply kAgain = AfterLostReply::kAskAgain;
  constexpr AfterLostReply kPerson = AfterLostReply::kAskOperator;
  for (const Row& row :
       {Row{RotationModel::kNone, kAgain, kAgain}, Row{RotationModel::kGraceSame, kAgain, kPerson},
        Row{RotationModel::kGraceFork, kAgain, kPerson},
        Row{RotationModel::kStrict, kPerson, kPerson},
        Row{RotationModel::kStrictFamily, kPerson, kPerson}}) {
    EXPECT_EQ(RecoveryFor(row.model, Grace::kRunning).step, row.running) << ToString(row.model);
    EXPECT_EQ(RecoveryFor(row.model, Grace::kPassed).step, row.passed) << ToString(row.model);
  }
}

TEST(Recovery, SaysWhyForEveryModel) {
  for (RotationModel model : kModels) {
    for (Grace grace : {Grace::kRunning, Grace::kPassed}) {
      EXPECT_EQ(RecoveryFor(model, grace).model, model);
      EXPECT_EQ(RecoveryFor(model, grace).grace, grace);
      EXPECT_FALSE(RecoveryFor(model, grace).why.empty());
    }
  }
}

TEST(Recovery, LetsAGraceEndALittleEarlyAndDistrustsAClockThatWasSetBack) {
  const Instant lost = kNoon;
  EXPECT_EQ(GraceAt(Seconds{100}, lost, lost), Grace::kRunning);
  EXPECT_EQ(GraceAt(Seconds{100}, lost, lost + Seconds{89}), Grace::kRunning);
  EXPECT_EQ(GraceAt(Seconds{100}, lost, lost + Seconds{90}), Grace::kPassed);
  EXPECT_EQ(GraceAt(Seconds{100}, lost, lost - Seconds{1}), Grace::kPassed);
  EXPECT_EQ(GraceAt(Seconds{0}, lost, lost), Grace::kPassed);
  EXPECT_EQ(GraceAt(Seconds{0}, std::nullopt, lost), Grace::kPassed);
  EXPECT_EQ(GraceAt(Seconds{100}, std::nullopt, lost), Grace::kRunning);
  EXPECT_EQ(GraceAt(kWhileItLives, lost, lost + kDay * 50), Grace::kRunning);
}

struct LostWorld : World {
  LostWorld(RotationModel model, Seconds grace) {
    spec.renew.before = 14 * kDay;
    issuer.set_rotation_model(model, grace);
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
  }
  void LoseReplies(int times) {
    issuer.FailSend(Error{ErrorKind::kUnavailable, "connection_lost", "lost", ""},
                    /*commit_first=*/true, times);
  }
  // One pass for each time somebody should look, as the scheduler does.
  void Follow(Seconds time) {
    for (const Instant end = clock.Now() + time; clock.Now() < end;) {
      const PassResult pass = Pass();
      clock.Advance(std::max(Seconds{1}, std::min(pass.next_look, end) - clock.Now()));
    }
  }
};

TEST(Recovery, AsksAgainWithinTheGraceAndTakesTheAnswer) {
  for (RotationModel model : {RotationModel::kGraceSame, RotationModel::kGraceFork}) {
    LostWorld world(model, Seconds{60});
    world.LoseReplies(1);
    world.issuer.NextRenewal("lost", world.Living(60 * kDay, Seconds{0}));
    world.Pass();
    ASSERT_EQ(world.issuer.exchanges(), 1);
    EXPECT_EQ(world.state().reply_lost_at, kNoon);
    world.issuer.NextRenewal("second", world.Living(60 * kDay, Seconds{0}));
    world.Follow(Seconds{50});
    EXPECT_EQ(world.Held(), "second") << ToString(model);
    EXPECT_EQ(world.issuer.exchanges(), 2);
    EXPECT_EQ(world.state().reply_lost_at, std::nullopt);
  }
}

TEST(Recovery, TriesSeveralTimesInAGraceAndNeverAfterIt) {
  LostWorld world(RotationModel::kGraceFork, Seconds{60});
  world.LoseReplies(1000);
  world.Follow(Seconds{120});
  const int within = world.issuer.exchanges();
  EXPECT_GE(within, 3);
  EXPECT_LE(within, 7);
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed);
  world.keeper.reset();
  world.Follow(kDay);
  EXPECT_EQ(world.issuer.exchanges(), within) << "presenting it again could revoke everything";
}

TEST(Recovery, AsksNobodyWhenTheGracePassedWhileTheAgentWasDown) {
  LostWorld world(RotationModel::kGraceSame, Seconds{60});
  world.LoseReplies(1);
  world.Pass();
  world.keeper.reset();
  world.clock.Advance(kHour);
  world.Follow(kHour);
  EXPECT_EQ(world.issuer.exchanges(), 1);
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed);
}

TEST(Recovery, TakesAnUnnamedGraceForNone) {
  LostWorld world(RotationModel::kGraceSame, Seconds{0});
  world.LoseReplies(1);
  world.Follow(kHour);
  EXPECT_EQ(world.issuer.exchanges(), 1);
  EXPECT_EQ(world.state().rotation, RotationState::kAmbiguous);
  EXPECT_TRUE(world.state().operator_need.has_value());
}

TEST(Recovery, SaysTheExactTimeThatIsLeft) {
  LostWorld world(RotationModel::kStrict, Seconds{0});
  world.LoseReplies(1);
  world.Pass();
  ASSERT_TRUE(world.state().operator_need.has_value());
  const std::string sentence = world.state().operator_need->sentence;
  EXPECT_NE(sentence.find("Time left: 2 days, until " + FormatUtc(kNoon + 2 * kDay)),
            std::string::npos)
      << sentence;
}

TEST(Recovery, StaysBlockedWhateverElseAPersonWasToldSince) {
  LostWorld world(RotationModel::kStrictFamily, Seconds{0});
  world.LoseReplies(1);
  world.Pass();
  const Deps deps = world.deps();
  {
    Work work(deps, *world.keeper, WorkLimits{});
    work.NeedOperator("something_else", "look at something else");
    ASSERT_TRUE(work.Save());
  }
  world.keeper.reset();
  world.Follow(kDay);
  const Deps later = world.deps();
  Work work(later, *world.keeper, WorkLimits{});
  Result<RotationOutcome> asked = Rotator().Refresh(work);
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().reason, kLostReplyNeed);
  EXPECT_EQ(world.issuer.exchanges(), 1);
}

}  // namespace
}  // namespace tokenwarden
