// Values that somebody brought, and values that were kept: proof before anything else.
#include <gtest/gtest.h>

#include "agent/app/rotation.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

// The renewal gave a value that lives shorter than what is left: kept aside.
struct KeptWorld : World {
  KeptWorld() {
    spec.renew.before = 14 * kDay;
    issuer.Mint("first", Living(5 * kDay, 55 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("shorter", Living(kDay, Seconds{0}));
    Pass();
  }
  Result<RotationOutcome> Accept(const std::string& reason) {
    const Deps all = deps();
    Work work(all, *keeper, WorkLimits{});
    return Rotator().AcceptKept(work, reason);
  }
  bool AuditHas(const std::string& event, const std::string& text) {
    const Result<std::vector<AuditEntry>> entries = store.LoadAudit("whatsapp", 100);
    for (const AuditEntry& entry : *entries) {
      if (entry.event == event && entry.sentence.find(text) != std::string::npos) return true;
    }
    return false;
  }
};

TEST(KeptValue, IsTakenByAnOperatorWithAReasonThatIsRecorded) {
  KeptWorld world;
  ASSERT_EQ(world.Held(), "first");
  ASSERT_TRUE(world.state().operator_need.has_value());
  Result<RotationOutcome> accepted = world.Accept("the app was moved");
  ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
  EXPECT_EQ(*accepted, RotationOutcome::kPromoted);
  world.Pass();
  EXPECT_EQ(world.Held(), "shorter");
  EXPECT_FALSE(world.state().operator_need.has_value());
  EXPECT_TRUE(world.AuditHas("accepted_worse", "the app was moved"));
}

TEST(KeptValue, IsNotTakenWithoutAReason) {
  KeptWorld world;
  Result<RotationOutcome> accepted = world.Accept("");
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().reason, "shorter_life");
  world.Pass();
  EXPECT_EQ(world.Held(), "first");
}

TEST(KeptValue, IsNotTakenOnceItIsDeadWhateverTheReason) {
  KeptWorld world;
  world.issuer.Kill("shorter", Verdict::kRevoked, Reason::kRevokedByApi);
  Result<RotationOutcome> accepted = world.Accept("I am sure");
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().reason, "dead");
}

TEST(KeptValue, IsNotTakenWhileTheIssuerIsSilent) {
  KeptWorld world;
  world.issuer.BeSilent(Reason::kOutage);
  Result<RotationOutcome> accepted = world.Accept("I am sure");
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().kind, ErrorKind::kUnavailable);
  world.issuer.BeSilent(std::nullopt);
  EXPECT_TRUE(world.Accept("I am sure").has_value());
}

TEST(KeptValue, IsTheNewestOneThatLives) {
  KeptWorld world;
  FakeToken dead = world.Living(60 * kDay);
  dead.verdict = Verdict::kExpired;
  dead.reason = Reason::kSessionExpired;
  world.issuer.Mint("brought", dead);
  {
    const Deps all = world.deps();
    Work work(all, *world.keeper, WorkLimits{});
    ASSERT_EQ(*Rotator().Offer(work, Origin::kSubmit, Secret("brought"), ""),
              RotationOutcome::kRefused);
  }
  EXPECT_TRUE(world.Accept("it is all there is").has_value());
  world.Pass();
  EXPECT_EQ(world.Held(), "shorter");
}

TEST(KeptValue, IsSaidToBeMissingWhenThereIsNone) {
  World world;
  world.GiveFirst();
  world.Pass();
  const Deps all = world.deps();
  Work work(all, *world.keeper, WorkLimits{});
  Result<RotationOutcome> accepted = Rotator().AcceptKept(work, "x");
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().reason, "nothing_kept");
}

TEST(Canary, KeepsAValueBackThatAnInspectionCallsValid) {
  World world;
  world.GiveFirst();
  world.Pass();
  world.issuer.Mint("brought", world.Living(90 * kDay));
  world.issuer.FailCanary("brought");
  const Deps all = world.deps();
  {
    Work work(all, *world.keeper, WorkLimits{});
    ASSERT_EQ(*Rotator().Offer(work, Origin::kSubmit, Secret("brought"), ""),
              RotationOutcome::kRefused);
  }
  world.Pass();
  EXPECT_EQ(world.Held(), "first");
  EXPECT_EQ(world.state().conclusive->verdict, Verdict::kValid)
      << "the current one is not judged by it";
}

TEST(Rollback, IsNotUndoneByARenewalAtOnce) {
  World world;
  world.spec.settle = 10 * kDay;
  world.spec.renew.before = 14 * kDay;
  world.issuer.Mint("first", world.Living(8 * kDay, 52 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.issuer.NextRenewal("second", world.Living(60 * kDay, Seconds{0}));
  world.Pass();
  ASSERT_EQ(world.Held(), "second");
  world.issuer.NextRenewal("third", world.Living(60 * kDay, Seconds{0}));
  const Deps all = world.deps();
  {
    Work work(all, *world.keeper, WorkLimits{});
    ASSERT_TRUE(Rotator().RollBack(work).has_value());
  }
  for (int hour = 0; hour < 23; ++hour) {
    world.Pass();
    EXPECT_EQ(world.Held(), "first") << hour;
    world.clock.Advance(kHour);
  }
  world.clock.Advance(2 * kHour);
  world.Pass();
  EXPECT_EQ(world.Held(), "third") << "a day later it is renewed like any other";
}

}  // namespace
}  // namespace tokenwarden
