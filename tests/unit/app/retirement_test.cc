// What becomes of the value before the current one.
#include "agent/app/retirement.h"

#include <gtest/gtest.h>

#include "agent/app/rotation.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

struct RetiringWorld : World {
  RetiringWorld() {
    spec.renew.before = 14 * kDay;
    spec.renew.revoke_old = true;
    spec.settle = kHour;
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
  }
  void Settle() {
    Pass();
    clock.Advance(kHour + kMinute);
    Pass();
  }
  bool IsKept(Generation generation) { return store.LoadValue("whatsapp", generation).has_value(); }
  std::string AuditOf(const std::string& event) {
    const Result<std::vector<AuditEntry>> entries = store.LoadAudit("whatsapp", 100);
    for (const AuditEntry& entry : *entries) {
      if (entry.event == event) return entry.sentence;
    }
    return "";
  }
};

TEST(Retirement, RevokesNothingUnlessItIsWanted) {
  RetiringWorld world;
  world.spec.renew.revoke_old = false;
  world.Settle();
  EXPECT_TRUE(world.issuer.revocations().empty());
  EXPECT_FALSE(world.IsKept(1));
}

TEST(Retirement, RevokesTheOldValueInTheNameOfTheNewOneOnceThatHasSettled) {
  RetiringWorld world;
  world.Pass();
  EXPECT_TRUE(world.issuer.revocations().empty()) << "it has not settled";
  world.clock.Advance(kHour + kMinute);
  world.Pass();
  EXPECT_EQ(world.issuer.revocations(), (std::vector<std::string>{"first by second"}));
  EXPECT_FALSE(world.IsKept(1));
  EXPECT_TRUE(world.IsKept(2));
  EXPECT_FALSE(world.state().rotation.has_value());
  EXPECT_NE(world.AuditOf("revoked").find("generation 1"), std::string::npos);
}

TEST(Retirement, NeverRevokesWhileASinkDoesNotHoldTheNewValue) {
  RetiringWorld world;
  SinkSpec other;
  other.kind = SinkKind::kFile;
  other.path = "/run/token";
  world.spec.sinks.push_back(other);
  world.places.Break("/run/token", true);
  world.Settle();
  world.clock.Advance(kDay);
  world.Pass();
  EXPECT_TRUE(world.issuer.revocations().empty());
  EXPECT_TRUE(world.IsKept(1));
}

TEST(Retirement, NeverRevokesAStringThatIsInUseAgain) {
  RetiringWorld world;
  world.Pass();
  ASSERT_EQ(world.Held(), "second");
  const Deps deps = world.deps();
  {
    Work work(deps, *world.keeper, WorkLimits{});
    ASSERT_TRUE(Rotator().RollBack(work).has_value());
  }
  world.Settle();
  ASSERT_EQ(world.Held(), "first");
  EXPECT_EQ(world.issuer.revocations(), (std::vector<std::string>{"second by first"}));
  EXPECT_EQ(world.state().conclusive->verdict, Verdict::kValid);
}

TEST(Retirement, NeverRevokesAStringThatAnotherCredentialHolds) {
  RetiringWorld world;
  Result<Rotation> begun = world.store.Begin("twin", Origin::kSource, 0, 0, world.clock.Now(), 10);
  RotationStep candidate;
  candidate.to = RotationState::kCandidate;
  candidate.candidate = Secret("first");
  candidate.candidate_fingerprint = world.fingerprinter.Of(Secret("first"));
  ASSERT_TRUE(world.store.Advance(begun->id, std::move(candidate), world.clock.Now()));
  RotationStep proven;
  proven.to = RotationState::kProven;
  ASSERT_TRUE(world.store.Advance(begun->id, std::move(proven), world.clock.Now()));
  CredentialState twin;
  twin.name = "twin";
  twin.generation = 1;
  ASSERT_TRUE(world.store.Promote(begun->id, twin, world.clock.Now()));
  world.Settle();
  EXPECT_TRUE(world.issuer.revocations().empty());
  EXPECT_NE(world.AuditOf("not_revoked").find("still in use"), std::string::npos);
  EXPECT_FALSE(world.IsKept(1)) << "it is wiped here all the same";
}

TEST(Retirement, TriesARevocationAgainWithPausesUntilTheIssuerAnswers) {
  RetiringWorld world;
  world.issuer.AnswerRevocations(Error{ErrorKind::kUnavailable, "outage", "no answer", ""});
  world.Settle();
  EXPECT_EQ(world.issuer.revocations().size(), 1u);
  EXPECT_EQ(world.state().rotation, RotationState::kSettled);
  EXPECT_TRUE(world.IsKept(1)) << "without the value it could not be revoked any more";
  const PassResult pass = world.Pass();
  EXPECT_EQ(world.issuer.revocations().size(), 1u) << "the pause is kept";
  EXPECT_LE(pass.next_look, world.clock.Now() + kMinute);
  world.issuer.AnswerRevocations(std::nullopt);
  world.clock.Advance(2 * kMinute);
  world.Pass();
  EXPECT_EQ(world.issuer.revocations().size(), 2u);
  EXPECT_FALSE(world.IsKept(1));
  EXPECT_FALSE(world.state().rotation.has_value());
}

TEST(Retirement, GoesOnAfterAClearNoAndSaysSo) {
  RetiringWorld world;
  world.issuer.AnswerRevocations(
      Error{ErrorKind::kFailedPrecondition, "no_permission", "the issuer refused", "ask it"});
  world.Settle();
  EXPECT_EQ(world.issuer.revocations().size(), 1u);
  EXPECT_FALSE(world.IsKept(1));
  EXPECT_NE(world.AuditOf("not_revoked").find("the issuer refused"), std::string::npos);
  EXPECT_FALSE(world.state().operator_need.has_value()) << "the value in use is in order";
}

TEST(Retirement, RevokesAgainAfterACrashInBetween) {
  RetiringWorld world;
  world.Pass();
  world.clock.Advance(kHour + kMinute);
  world.issuer.AnswerRevocations(Error{ErrorKind::kUnavailable, "outage", "no answer", ""});
  world.Pass();
  world.keeper.reset();  // the process ends; pauses are not remembered
  world.issuer.AnswerRevocations(std::nullopt);
  world.Pass();
  EXPECT_EQ(world.issuer.revocations().size(), 2u);
  EXPECT_FALSE(world.IsKept(1));
}

}  // namespace
}  // namespace tokenwarden
