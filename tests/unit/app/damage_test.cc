// What is stored does not open any more: nothing is retried for ever, and nothing is given up that
// can still be had.
#include <gtest/gtest.h>

#include "agent/app/rotation.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

const Error kDamaged{ErrorKind::kDataLoss, "damaged", "a stored value does not open", "restore"};

// The store, with some sealed parts that do not open.
struct DamagedStore : StateStore {
  explicit DamagedStore(StateStore& inner) : inner_(inner) {}
  bool reply = false;
  bool candidate = false;
  Generation value = 0;

  Result<Secret> LoadReply(RotationId id) override {
    if (reply) return tl::unexpected<Error>(kDamaged);
    return inner_.LoadReply(id);
  }
  Result<Secret> LoadCandidate(RotationId id) override {
    if (candidate) return tl::unexpected<Error>(kDamaged);
    return inner_.LoadCandidate(id);
  }
  Result<Secret> LoadValue(const std::string& name, Generation generation) override {
    if (value == generation) return tl::unexpected<Error>(kDamaged);
    return inner_.LoadValue(name, generation);
  }

  Result<std::vector<CredentialState>> LoadStates() override { return inner_.LoadStates(); }
  Status SaveState(const CredentialState& state) override { return inner_.SaveState(state); }
  Status SaveSink(const std::string& name, const SinkState& sink) override {
    return inner_.SaveSink(name, sink);
  }
  Status ForgetSink(const std::string& name, const std::string& target) override {
    return inner_.ForgetSink(name, target);
  }
  Status MarkAbsent(const std::vector<std::string>& present, Instant now) override {
    return inner_.MarkAbsent(present, now);
  }
  Result<std::vector<StoredGeneration>> LoadGenerations(const std::string& name) override {
    return inner_.LoadGenerations(name);
  }
  Result<Rotation> Begin(const std::string& name, Origin origin, Generation from,
                         std::uint64_t epoch, Instant now, std::size_t room) override {
    return inner_.Begin(name, origin, from, epoch, now, room);
  }
  Result<Rotation> Advance(RotationId id, RotationStep step, Instant now) override {
    return inner_.Advance(id, std::move(step), now);
  }
  Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now) override {
    return inner_.Promote(id, state, now);
  }
  Status Retire(const std::string& name, Generation keep_from, Instant now) override {
    return inner_.Retire(name, keep_from, now);
  }
  Result<std::vector<Rotation>> LoadUnfinished() override { return inner_.LoadUnfinished(); }
  Result<std::optional<Rotation>> LoadLatestRotation(const std::string& name) override {
    return inner_.LoadLatestRotation(name);
  }
  Result<std::vector<Rotation>> LoadRefused(const std::string& name) override {
    return inner_.LoadRefused(name);
  }
  Result<bool> ClaimNotification(const std::string& name, const std::string& target,
                                 Generation generation, Instant now) override {
    return inner_.ClaimNotification(name, target, generation, now);
  }
  Status Audit(const AuditEntry& entry) override { return inner_.Audit(entry); }
  Result<std::vector<AuditEntry>> LoadAudit(const std::string& name, int newest) override {
    return inner_.LoadAudit(name, newest);
  }

 private:
  StateStore& inner_;
};

struct DamagedWorld : World {
  explicit DamagedWorld(RotationModel model = RotationModel::kStrictFamily) {
    spec.renew.before = 14 * kDay;
    issuer.set_rotation_model(model);
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
    Start();
  }
  PassResult Look() {
    const Deps mine = deps();
    const Deps all{mine.clock,   mine.http,          mine.provider, damaged,          mine.places,
                   mine.secrets, mine.fingerprinter, mine.notifier, mine.coordinator, mine.events};
    return Reconcile(all, *keeper, WorkLimits{});
  }
  void LookFor(int hours) {
    for (int hour = 0; hour < hours; ++hour) {
      Look();
      clock.Advance(kHour);
    }
  }
  // A renewed value that the issuer could not prove yet.
  void LeaveACandidate() {
    issuer.SilentAfterExchange(Reason::kOutage);
    Look();
    ASSERT_EQ(state().rotation, RotationState::kCandidate);
    issuer.BeSilent(std::nullopt);
    clock.Advance(kHour);
  }
  DamagedStore damaged{store};
};

TEST(Damage, TakesACandidateFromTheReplyWhenOnlyTheCandidateIsDamaged) {
  DamagedWorld world;
  world.LeaveACandidate();
  world.damaged.candidate = true;
  world.Look();
  world.damaged.candidate = false;  // what is written anew opens
  world.LookFor(3);
  EXPECT_EQ(world.Held(), "second");
  EXPECT_EQ(world.issuer.exchanges(), 1);
  EXPECT_FALSE(world.state().operator_need.has_value());
}

TEST(Damage, EndsACandidateThatDoesNotOpenAsALostReplyOfAStrictIssuer) {
  DamagedWorld world;
  world.LeaveACandidate();
  world.damaged.candidate = world.damaged.reply = true;
  world.LookFor(24);
  EXPECT_EQ(world.issuer.exchanges(), 1);
  EXPECT_FALSE(world.state().rotation.has_value()) << "it is not retried for ever";
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed);
  EXPECT_NE(world.state().operator_need->sentence.find("Time left: "), std::string::npos);
}

TEST(Damage, RenewsAgainAfterACandidateThatDoesNotOpenWhereThatIsSafe) {
  DamagedWorld world(RotationModel::kNone);
  world.LeaveACandidate();
  world.issuer.NextRenewal("third", world.Living(60 * kDay, Seconds{0}));
  world.damaged.candidate = world.damaged.reply = true;
  world.Look();
  world.damaged.candidate = world.damaged.reply = false;
  world.LookFor(8);
  EXPECT_EQ(world.Held(), "third");
}

TEST(Damage, CallsForAPersonWhenAValueThatWasBroughtDoesNotOpen) {
  DamagedWorld world;
  world.spec.renew.enabled = false;
  world.Start();
  world.Look();
  world.issuer.Mint("brought", world.Living(60 * kDay));
  world.issuer.BeSilent(Reason::kOutage);
  {
    const Deps deps = world.deps();
    Work work(deps, *world.keeper, WorkLimits{});
    ASSERT_EQ(*Rotator().Offer(work, Origin::kSubmit, Secret("brought"), ""),
              RotationOutcome::kWaiting);
  }
  world.damaged.candidate = true;
  world.LookFor(24);
  EXPECT_FALSE(world.state().rotation.has_value());
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, "candidate_unreadable");
  EXPECT_EQ(world.Held(), "first");
}

TEST(Damage, TakesTheCurrentValueBackFromASinkThatStillHoldsIt) {
  DamagedWorld world;
  world.Look();
  ASSERT_EQ(world.Held(), "second");
  world.damaged.value = world.state().generation;
  world.clock.Advance(kHour);
  world.Look();
  EXPECT_EQ(world.state().generation, 3u);
  EXPECT_EQ(world.store.LoadValue("whatsapp", 3)->Reveal(), "second");
  EXPECT_FALSE(world.state().operator_need.has_value());
  EXPECT_EQ(world.Held(), "second");
  EXPECT_EQ(world.issuer.exchanges(), 1);
}

TEST(Damage, CallsForAPersonWhenNothingHoldsTheCurrentValueAnyMore) {
  DamagedWorld world;
  world.Look();
  world.damaged.value = world.state().generation;
  world.places.Break(".env#TOKEN", true);
  world.clock.Advance(kHour);
  const PassResult pass = world.Look();
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kUnreadableNeed);
  const int asked = world.issuer.inspections();
  world.clock.Advance(Seconds{10});
  EXPECT_GT(world.Look().next_look, world.clock.Now() + Seconds{10}) << "it is not hurried";
  EXPECT_EQ(world.issuer.inspections(), asked);
  EXPECT_GT(pass.next_look, world.clock.Now() - kHour);
}

TEST(Damage, IsMendedByTheSameValueBroughtByAPerson) {
  DamagedWorld world;
  world.Look();
  world.damaged.value = world.state().generation;
  world.places.Break(".env#TOKEN", true);
  world.clock.Advance(kHour);
  world.Look();
  const Deps mine = world.deps();
  const Deps all{mine.clock,   mine.http,          mine.provider, world.damaged,    mine.places,
                 mine.secrets, mine.fingerprinter, mine.notifier, mine.coordinator, mine.events};
  {
    Work work(all, *world.keeper, WorkLimits{});
    ASSERT_EQ(*Rotator().Offer(work, Origin::kSubmit, Secret("second"), ""),
              RotationOutcome::kPromoted);
  }
  world.places.Break(".env#TOKEN", false);
  world.LookFor(1);
  EXPECT_EQ(world.Held(), "second");
  EXPECT_FALSE(world.state().operator_need.has_value());
}

}  // namespace
}  // namespace tokenwarden
