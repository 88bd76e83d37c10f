#include <gtest/gtest.h>

#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

TEST(Reconcile, ProvesTheFirstValueOfTheSourceAndMakesItCurrent) {
  World world;
  world.GiveFirst();
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u);
  EXPECT_EQ(StateWord(world.state()), "valid");
  EXPECT_EQ(world.Held(), "first");
  EXPECT_TRUE(world.places.writes().empty()) << "the sink held it already";
}

TEST(Reconcile, LeavesAHealthyTokenAloneUntilTheNextInspectionIsDue) {
  World world;
  world.GiveFirst();
  world.Pass();
  const int asked = world.issuer.inspections();
  world.Pass();
  EXPECT_EQ(world.issuer.inspections(), asked);
  world.clock.Advance(2 * world.spec.inspect_every);
  world.Pass();
  EXPECT_EQ(world.issuer.inspections(), asked + 1);
  EXPECT_EQ(world.issuer.exchanges(), 0);
}

TEST(Reconcile, RenewsInTimePublishesTheProvenValueAndReadsItBack) {
  World world;
  world.spec.renew.before = 14 * kDay;
  world.GiveFirst("first", 2 * kDay);
  world.issuer.Mint("first", world.Living(2 * kDay, 58 * kDay));
  world.issuer.NextRenewal("second", world.Living(60 * kDay, Seconds{0}));
  world.Pass();
  EXPECT_EQ(world.issuer.exchanges(), 1);
  EXPECT_EQ(world.state().generation, 2u);
  EXPECT_EQ(world.Held(), "second");
  ASSERT_EQ(world.state().sinks.size(), 1u);
  EXPECT_EQ(world.state().sinks[0].generation, 2u);
  EXPECT_TRUE(world.state().sinks[0].verified_at.has_value());
  EXPECT_FALSE(world.state().rotation.has_value()) << "the rotation is finished";
}

TEST(Reconcile, NeverPublishesARenewedValueThatProvesDead) {
  World world;
  world.spec.renew.before = 14 * kDay;
  world.issuer.Mint("first", world.Living(2 * kDay, 58 * kDay));
  world.places.Put(".env#TOKEN", "first");
  FakeToken dead = world.Living(60 * kDay, Seconds{0});
  dead.verdict = Verdict::kRevoked;
  dead.reason = Reason::kRevokedByApi;
  world.issuer.NextRenewal("stillborn", dead);
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u);
  EXPECT_EQ(world.Held(), "first");
  ASSERT_TRUE(world.state().operator_need.has_value());
}

TEST(Reconcile, RefusesARenewedValueThatLivesShorterThanTheOldOneHasLeft) {
  World world;
  world.spec.renew.before = 14 * kDay;
  world.issuer.Mint("first", world.Living(2 * kDay, 58 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.issuer.NextRenewal("shorter", world.Living(kHour, Seconds{0}));
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u);
  EXPECT_EQ(world.Held(), "first");
  EXPECT_EQ(world.state().refused_fingerprint.text, "hmac:shorter");
}

TEST(Reconcile, KeepsTheLastConclusiveVerdictWhenTheIssuerFallsSilent) {
  World world;
  world.GiveFirst();
  world.Pass();
  for (const Reason reason : {Reason::kOutage, Reason::kRateLimited, Reason::kBlocked,
                              Reason::kClock, Reason::kInspector, Reason::kBadReply}) {
    world.issuer.BeSilent(reason);
    world.clock.Advance(kDay);
    world.Pass();
    EXPECT_EQ(StateWord(world.state()), "valid") << ToString(reason);
    ASSERT_TRUE(world.state().silence.has_value());
    EXPECT_EQ(world.state().silence->reason, reason);
  }
  world.issuer.BeSilent(std::nullopt);
  world.clock.Advance(kDay);
  world.Pass();
  EXPECT_FALSE(world.state().silence.has_value());
}

TEST(Reconcile, IsPendingWhileTheFirstValueCouldNotBeProvenAndPublishesNothing) {
  World world;
  world.issuer.Mint("first", world.Living(60 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.issuer.BeSilent(Reason::kOutage);
  world.Pass();
  EXPECT_EQ(world.state().generation, 0u);
  EXPECT_EQ(StateWord(world.state()), "pending");
  world.issuer.BeSilent(std::nullopt);
  world.clock.Advance(kHour);
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u) << "the candidate was kept and tried again";
}

TEST(Reconcile, ShowsADeadFirstValueAndSaysWhatIsNeeded) {
  World world;
  world.issuer.Mint("first", world.Living(-kDay, 61 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.Pass();
  EXPECT_EQ(world.state().generation, 0u);
  EXPECT_EQ(StateWord(world.state()), "expired");
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.issuer.exchanges(), 0) << "a dead token cannot be exchanged";
}

TEST(Reconcile, AdmitsAFirstValueThatLivesAgain) {
  World world;
  world.issuer.Mint("first", world.Living(60 * kDay));
  world.issuer.Kill("first", Verdict::kRevoked, Reason::kSessionInvalid);
  world.places.Put(".env#TOKEN", "first");
  world.Pass();
  EXPECT_EQ(world.state().generation, 0u);
  world.issuer.Kill("first", Verdict::kValid, Reason::kConfirmed);
  world.clock.Advance(kHour);
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u);
  EXPECT_FALSE(world.state().operator_need.has_value());
}

TEST(Reconcile, AdoptsALivingValueThatAPersonPutIntoTheFile) {
  World world;
  world.GiveFirst();
  world.Pass();
  world.issuer.Mint("pasted", world.Living(60 * kDay, Seconds{0}));
  world.places.Put(".env#TOKEN", "pasted");
  world.keeper->asked_verify = true;
  world.Pass();
  EXPECT_EQ(world.state().generation, 2u);
  EXPECT_EQ(world.state().origin, Origin::kAdopt);
  EXPECT_EQ(world.Held(), "pasted");
}

TEST(Reconcile, PutsTheLastGoodValueBackWhenThePastedOneIsDead) {
  World world;
  world.GiveFirst();
  world.Pass();
  world.places.Put(".env#TOKEN", "rubbish");
  world.keeper->asked_verify = true;
  world.Pass();
  EXPECT_EQ(world.state().generation, 1u);
  EXPECT_EQ(world.Held(), "first");
  EXPECT_GE(world.events.CountOf(Event::Kind::kDrifted), 1);
}

TEST(Reconcile, LeavesAPastedValueAloneWhileItCannotBeProvenEitherWay) {
  World world;
  world.GiveFirst();
  world.Pass();
  world.issuer.Mint("pasted", world.Living(60 * kDay, Seconds{0}));
  world.places.Put(".env#TOKEN", "pasted");
  world.issuer.BeSilent(Reason::kOutage);
  world.keeper->asked_verify = true;
  world.Pass();
  EXPECT_EQ(world.Held(), "pasted");
  EXPECT_EQ(world.state().generation, 1u);
  world.issuer.BeSilent(std::nullopt);
  world.clock.Advance(kHour);
  world.Pass();
  EXPECT_EQ(world.state().generation, 2u);
}

// Somebody pastes at the very moment between our reading of the source and our first write to it.
TEST(Reconcile, NeverWritesOverAValueThatAPersonPutThereMeanwhile) {
  World world;
  world.GiveFirst();
  world.issuer.Mint("pasted", world.Living(60 * kDay, Seconds{0}));
  world.issuer.OnNextInspection([&world] { world.places.Put(".env#TOKEN", "pasted"); });
  world.Pass();
  EXPECT_EQ(world.Held(), "pasted");
  EXPECT_EQ(world.state().generation, 2u);
  EXPECT_TRUE(world.places.writes().empty());
}

TEST(Reconcile, RepairsASinkThatSomebodyElseOverwroteWithAnOlderValue) {
  World world;
  world.spec.renew.before = 14 * kDay;
  world.issuer.Mint("first", world.Living(2 * kDay, 58 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.issuer.NextRenewal("second", world.Living(60 * kDay, Seconds{0}));
  world.Pass();
  ASSERT_EQ(world.Held(), "second");
  world.places.Put(".env#TOKEN", "first");
  world.keeper->asked_verify = true;
  world.Pass();
  EXPECT_EQ(world.Held(), "second");
  EXPECT_EQ(world.state().generation, 2u);
}

TEST(Reconcile, OneBrokenSinkDelaysNoOther) {
  World world;
  SinkSpec second = world.spec.sinks[0];
  second.path = "other.env";
  world.spec.sinks.push_back(second);
  world.GiveFirst();
  world.places.Break("other.env#TOKEN", true);
  world.Pass();
  ASSERT_EQ(world.state().sinks.size(), 2u);
  EXPECT_EQ(world.state().sinks[0].generation, 1u);
  EXPECT_EQ(world.state().sinks[1].generation, 0u);
  EXPECT_EQ(world.state().sinks[1].last_error_reason, "broken");
  world.places.Break("other.env#TOKEN", false);
  world.clock.Advance(kHour);
  world.Pass();
  EXPECT_EQ(world.state().sinks[1].generation, 1u);
  EXPECT_EQ(world.places.Held("other.env#TOKEN"), "first");
}

TEST(Reconcile, LeavesADriftedSinkUnderAlarmAlone) {
  World world;
  world.spec.source = SourceSpec{SourceKind::kDotenv, "source.env", "TOKEN"};
  world.spec.sinks[0].drift = Drift::kAlarm;
  world.issuer.Mint("first", world.Living(60 * kDay));
  world.places.Put("source.env#TOKEN", "first");
  world.Pass();
  ASSERT_EQ(world.Held(), "first");
  world.places.Put(".env#TOKEN", "by hand");
  world.keeper->asked_verify = true;
  world.Pass();
  EXPECT_EQ(world.Held(), "by hand");
  EXPECT_TRUE(world.state().sinks[0].drifted);
}

TEST(Reconcile, TellsConsumersOncePerGenerationEvenAfterARestart) {
  World world;
  world.spec.renew.before = 14 * kDay;
  NotifySpec notify;
  notify.kind = NotifyKind::kExec;
  notify.command = {"/bin/reload"};
  world.spec.notify.push_back(notify);
  world.issuer.Mint("first", world.Living(2 * kDay, 58 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.issuer.NextRenewal("second", world.Living(60 * kDay, Seconds{0}));
  world.Pass();
  ASSERT_EQ(world.places.notices().size(), 1u)
      << "told of generation 2, not of the value it had already";
  EXPECT_EQ(world.places.notices()[0].generation, 2u);
  world.Start();
  world.Pass();
  EXPECT_EQ(world.places.notices().size(), 1u);
}

TEST(Reconcile, RemembersEverythingAcrossARestart) {
  World world;
  world.GiveFirst();
  world.Pass();
  const CredentialState before = world.state();
  world.Start();
  EXPECT_EQ(world.state().generation, before.generation);
  EXPECT_EQ(world.state().conclusive, before.conclusive);
  const int asked = world.issuer.inspections();
  world.Pass();
  EXPECT_EQ(world.issuer.inspections(), asked) << "a restart is no reason to ask again";
}

TEST(Reconcile, NeverExchangesANeverExpiringToken) {
  World world;
  world.spec.renew.before = 14 * kDay;
  FakeToken forever = world.Living(kDay);
  forever.expires_at.reset();
  world.issuer.Mint("first", forever);
  world.places.Put(".env#TOKEN", "first");
  for (int day = 0; day < 30; ++day) {
    world.Pass();
    world.clock.Advance(kDay);
  }
  EXPECT_EQ(world.issuer.exchanges(), 0);
  EXPECT_EQ(StateWord(world.state()), "valid");
}

TEST(Reconcile, SaysWhatIsMissingWhenTheSourceHasNoValue) {
  World world;
  world.Pass();
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_NE(world.state().operator_need->sentence.find(".env#TOKEN"), std::string::npos);
}

TEST(Reconcile, WakesUpNoEarlierThanSomethingIsDue) {
  World world;
  world.GiveFirst();
  const PassResult pass = world.Pass();
  EXPECT_GE(pass.next_look, world.clock.Now() + kMinute);
  EXPECT_LE(pass.next_look, world.clock.Now() + world.spec.inspect_every + kMinute);
}

}  // namespace
}  // namespace tokenwarden
