// What the simulation found: each fact here was once broken by one schedule of faults.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "agent/app/reply_codec.h"
#include "agent/app/rotation.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

struct DueWorld : World {
  explicit DueWorld(RotationModel model = RotationModel::kStrictFamily) {
    spec.renew.before = 14 * kDay;
    issuer.set_rotation_model(model);
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
  }
  void LoseTheReply() {
    issuer.FailSend(Error{ErrorKind::kUnavailable, "connection_lost", "lost", ""},
                    /*commit_first=*/true);
    Pass();
    ASSERT_EQ(state().rotation, RotationState::kAmbiguous);
  }
  void PassHours(int hours) {
    for (int hour = 0; hour < hours; ++hour) {
      clock.Advance(kHour);
      Pass();
    }
  }
};

// Answers renewals itself; inspections go to the issuer.
struct Interposed : HttpClient {
  std::function<Result<HttpReply>(const HttpRequest&)> answer;
  int sent = 0;
  Result<HttpReply> Send(const HttpRequest& request) override {
    ++sent;
    return answer(request);
  }
};

struct BehindAGateway : Provider {
  explicit BehindAGateway(FakeIssuer& issuer) : issuer_(issuer) {}
  std::string_view Name() const override { return issuer_.Name(); }
  Capabilities CapabilitiesOf(const ProviderContext& context,
                              const Observation* seen) const override {
    return issuer_.CapabilitiesOf(context, seen);
  }
  Observation Inspect(const ProviderContext& context, const Secret& value,
                      HttpClient& http) const override {
    return issuer_.Inspect(context, value, http);
  }
  Result<Renewal> BuildRenewal(const ProviderContext& context, const Secret& value,
                               const Observation& seen) const override {
    return issuer_.BuildRenewal(context, value, seen);
  }
  // A page instead of a reply: nobody knows what the issuer behind the gateway did.
  Result<RenewedValue> ParseRenewal(const HttpReply& reply) const override {
    if (reply.status == 200) return issuer_.ParseRenewal(reply);
    return MakeError(ErrorKind::kUnavailable, "outage", "a gateway answered");
  }
  std::string LaneOf(const CredentialSpec& spec) const override { return issuer_.LaneOf(spec); }

 private:
  FakeIssuer& issuer_;
};

struct ScriptedHolder : Coordinator {
  std::function<std::optional<std::uint64_t>()> answer = [] {
    return std::optional<std::uint64_t>(1);
  };
  std::optional<std::uint64_t> EpochOf(const std::string&) override { return answer(); }
};

Deps With(const Deps& deps, HttpClient& http, Provider& provider, Coordinator& coordinator) {
  return {deps.clock,         http,          provider,    deps.store, deps.places, deps.secrets,
          deps.fingerprinter, deps.notifier, coordinator, deps.events};
}

TEST(Survival, KnowsThatAReplyIsLostAfterAnOfferedValueWasRefused) {
  DueWorld world;
  world.LoseTheReply();
  FakeToken dead = world.Living(60 * kDay);
  dead.verdict = Verdict::kRevoked;
  dead.reason = Reason::kRevokedByApi;
  world.issuer.Mint("brought", dead);
  const Deps deps = world.deps();
  {
    Work work(deps, *world.keeper, WorkLimits{});
    Result<RotationOutcome> outcome = Rotator().Offer(work, Origin::kSubmit, Secret("brought"), "");
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_EQ(*outcome, RotationOutcome::kRefused);
  }
  world.PassHours(30);
  world.keeper.reset();
  world.PassHours(30);
  EXPECT_EQ(world.issuer.exchanges(), 1) << "asking again could revoke everything";
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed);
}

TEST(Survival, TakesAGatewaysPageForALostReply) {
  DueWorld world;
  Interposed http;
  http.answer = [](const HttpRequest&) {
    HttpReply page;
    page.status = 502;
    return page;
  };
  BehindAGateway provider(world.issuer);
  const Deps deps = With(world.deps(), http, provider, world.coordinator);
  world.Start();
  for (int hour = 0; hour < 24; ++hour) {
    Reconcile(deps, *world.keeper, WorkLimits{});
    world.clock.Advance(kHour);
  }
  EXPECT_EQ(http.sent, 1);
  EXPECT_EQ(world.state().rotation, RotationState::kAmbiguous);
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed);
}

// Wherever the process ends, a strict issuer is asked once: also when the new value is refused.
TEST(Survival, DoesNotAskAStrictIssuerAgainWhereverARefusalIsInterrupted) {
  const auto stillborn = [](World& world) {
    FakeToken dead = world.Living(60 * kDay, Seconds{0});
    dead.verdict = Verdict::kRevoked;
    dead.reason = Reason::kRevokedByApi;
    world.issuer.NextRenewal("stillborn", dead);
  };
  DueWorld whole;
  stillborn(whole);
  whole.Start();
  const int before = whole.store.calls();
  whole.Pass();
  const int all_calls = whole.store.calls() - before;
  for (const auto when :
       {MemoryStateStore::FailWhen::kBefore, MemoryStateStore::FailWhen::kAfter}) {
    for (int calls = 1; calls <= all_calls; ++calls) {
      DueWorld broken;
      stillborn(broken);
      broken.Start();
      broken.store.FailCall(calls, when, all_calls);
      broken.Pass();
      broken.store.FailCall(1, MemoryStateStore::FailWhen::kBefore, 0);
      broken.keeper.reset();
      broken.PassHours(8);
      EXPECT_LE(broken.issuer.exchanges(), 1) << "after " << calls << " calls";
      EXPECT_EQ(broken.Held(), "first");
      EXPECT_TRUE(broken.state().operator_need.has_value()) << "after " << calls << " calls";
    }
  }
}

// A call that reports a failure although it had its effect must not leave us behind what is
// durable.
TEST(Survival, CatchesUpWithAStoreThatWentFurtherThanItSaid) {
  DueWorld whole(RotationModel::kNone);
  whole.Start();
  const int before = whole.store.calls();
  whole.Pass();
  const int all_calls = whole.store.calls() - before;
  for (int call = 1; call <= all_calls; ++call) {
    DueWorld world(RotationModel::kNone);
    world.Start();
    world.store.FailCall(call, MemoryStateStore::FailWhen::kAfter);
    world.Pass();
    world.PassHours(8);  // in the same process
    ASSERT_FALSE(world.issuer.minted().empty()) << call;
    EXPECT_EQ(world.Held(), world.issuer.minted().back()) << "call " << call;
    EXPECT_FALSE(world.state().rotation.has_value()) << "call " << call;
  }
}

TEST(Survival, SendsNothingWhenTheLeaseIsLostWhileTheIntentIsWritten) {
  DueWorld world;
  ScriptedHolder holder;
  const Deps deps = With(world.deps(), world.issuer, world.issuer, holder);
  world.Start();
  holder.answer = [&]() -> std::optional<std::uint64_t> {
    const auto latest = world.store.LoadLatestRotation("whatsapp");
    const bool written = *latest && (*latest)->state == RotationState::kRequested;
    return written ? std::nullopt : std::optional<std::uint64_t>(1);
  };
  Reconcile(deps, *world.keeper, WorkLimits{});
  EXPECT_EQ(world.issuer.exchanges(), 0);
}

TEST(Survival, ReadsTheStateAnewUnderANewEpoch) {
  DueWorld world;
  ScriptedHolder ours;
  const Deps deps = With(world.deps(), world.issuer, world.issuer, ours);
  world.spec.renew.enabled = false;
  world.Start();
  Reconcile(deps, *world.keeper, WorkLimits{});
  ASSERT_EQ(world.state().generation, 1u);
  std::unique_ptr<Keeper> sleeping = std::move(world.keeper);
  world.spec.renew.enabled = true;
  ours.answer = [] { return std::optional<std::uint64_t>(2); };
  world.Start();
  Reconcile(deps, *world.keeper, WorkLimits{});  // the other agent renews
  ASSERT_EQ(world.Held(), "second");
  ours.answer = [] { return std::optional<std::uint64_t>(3); };
  Reconcile(deps, *sleeping, WorkLimits{});
  EXPECT_EQ(world.Held(), "second") << "what it remembered is not what holds";
  EXPECT_EQ(sleeping->state()->generation, 2u);
}

TEST(Survival, TakesAReplyThatAnotherHolderGaveUp) {
  DueWorld world(RotationModel::kGraceSame);
  ScriptedHolder ours;
  const Deps deps = With(world.deps(), world.issuer, world.issuer, ours);
  world.Start();
  Reconcile(deps, *world.keeper, WorkLimits{});
  ASSERT_EQ(world.Held(), "second");
  HttpReply reply;
  reply.status = 200;
  reply.body = "third";
  world.issuer.Mint("third", world.Living(70 * kDay, Seconds{0}));
  world.keeper->unsaved_reply = Keeper::UnsavedReply{4711, EncodeReply(reply), 2};
  world.clock.Advance(kHour);
  Reconcile(deps, *world.keeper, WorkLimits{});
  EXPECT_EQ(world.Held(), "third");
  EXPECT_FALSE(world.keeper->unsaved_reply.has_value());
}

// What was asked for with the first value and came too late is older than what another holder made
// of the same value since.
TEST(Survival, LetsAReplyGoAfterAnotherHolderRenewed) {
  DueWorld world(RotationModel::kGraceFork);
  ScriptedHolder ours;
  const Deps deps = With(world.deps(), world.issuer, world.issuer, ours);
  world.Start();
  Reconcile(deps, *world.keeper, WorkLimits{});
  ASSERT_EQ(world.Held(), "second");
  HttpReply reply;
  reply.status = 200;
  reply.body = "orphan";
  world.issuer.Mint("orphan", world.Living(60 * kDay, Seconds{0}));
  world.keeper->unsaved_reply = Keeper::UnsavedReply{4711, EncodeReply(reply), 1};
  Reconcile(deps, *world.keeper, WorkLimits{});
  EXPECT_EQ(world.Held(), "second");
  EXPECT_EQ(world.state().generation, 2u);
  EXPECT_FALSE(world.state().operator_need.has_value());
  EXPECT_FALSE(world.keeper->unsaved_reply.has_value());
}

TEST(Survival, StillCallsForAnOperatorAfterAnOutageWhenTheFirstValueIsDead) {
  World world;
  world.issuer.Mint("first", world.Living(-kDay, 61 * kDay));
  world.places.Put(".env#TOKEN", "first");
  world.Pass();
  ASSERT_TRUE(world.state().operator_need.has_value());
  world.issuer.BeSilent(Reason::kOutage);
  world.clock.Advance(kDay);
  world.Pass();
  world.issuer.BeSilent(std::nullopt);
  for (int hour = 0; hour < 48; ++hour) {
    world.clock.Advance(kHour);
    world.Pass();
    EXPECT_TRUE(world.state().operator_need.has_value()) << hour;
  }
}

TEST(Survival, TakesAValueThatWasRefusedAsWorseOnceTheOldOneIsDead) {
  DueWorld world;
  world.issuer.NextRenewal("shorter", world.Living(kDay, Seconds{0}));
  world.Pass();
  ASSERT_EQ(world.Held(), "first");
  world.issuer.Kill("first", Verdict::kRevoked, Reason::kSessionInvalid);  // by the renewal itself
  world.PassHours(1);
  EXPECT_EQ(world.Held(), "shorter") << "it is the only one that lives";
  EXPECT_FALSE(world.state().operator_need.has_value());
  EXPECT_EQ(world.issuer.exchanges(), 1);
}

TEST(Survival, FindsTheRenewedValueBehindALaterRefusal) {
  DueWorld world;
  world.issuer.NextRenewal("shorter", world.Living(kDay, Seconds{0}));
  world.Pass();
  FakeToken dead = world.Living(60 * kDay);
  dead.verdict = Verdict::kRevoked;
  dead.reason = Reason::kRevokedByApi;
  world.issuer.Mint("brought", dead);
  {
    const Deps deps = world.deps();
    Work work(deps, *world.keeper, WorkLimits{});
    ASSERT_EQ(*Rotator().Offer(work, Origin::kSubmit, Secret("brought"), ""),
              RotationOutcome::kRefused);
  }
  world.issuer.Kill("first", Verdict::kRevoked, Reason::kSessionInvalid);
  world.PassHours(1);
  EXPECT_EQ(world.Held(), "shorter") << "it is the only one that lives";
}

TEST(Survival, DoesNotExchangeAValueThatIsKnownToBeDead) {
  DueWorld world;
  world.Pass();
  ASSERT_EQ(world.Held(), "second");
  world.issuer.Kill("second", Verdict::kRevoked, Reason::kRevokedByApi);
  world.PassHours(1);
  const int asked = world.issuer.exchanges();
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  Result<RotationOutcome> outcome = Rotator().Refresh(work);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().reason, "dead");
  EXPECT_EQ(world.issuer.exchanges(), asked);
}

TEST(Survival, SaysAtOnceAfterARestartThatAReplyIsLost) {
  DueWorld world;
  world.Pass();
  world.issuer.BeSilent(Reason::kOutage);
  world.PassHours(4);  // failures that would make a proof wait
  auto begun = world.store.Begin("whatsapp", Origin::kRefresh, world.state().generation, 0,
                                 world.clock.Now(), 1);
  ASSERT_TRUE(begun.has_value());
  RotationStep requested;
  requested.to = RotationState::kRequested;
  ASSERT_TRUE(world.store.Advance(begun->id, std::move(requested), world.clock.Now()));
  world.keeper.reset();
  world.Pass();
  ASSERT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed);
}

}  // namespace
}  // namespace tokenwarden
