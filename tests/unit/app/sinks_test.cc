// Sinks: independent, remembered while they are configured, and published to again when asked.
#include <gtest/gtest.h>

#include <thread>

#include "agent/app/agent.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

SinkSpec FileSink(const std::string& path, Drift drift = Drift::kRepair) {
  SinkSpec sink;
  sink.kind = SinkKind::kFile;
  sink.path = path;
  sink.drift = drift;
  return sink;
}

struct SinkWorld : World {
  SinkWorld() {
    spec.sinks = {FileSink("/run/one", Drift::kAlarm), FileSink("/run/two")};
    GiveFirst();
  }
  std::unique_ptr<Agent> Once() {
    Config config;
    config.credentials = {spec};
    auto agent = std::make_unique<Agent>(deps(), config, AgentOptions{});
    EXPECT_TRUE(agent->RunOnce());
    return agent;
  }
  std::string At(const std::string& place) { return places.Held(place).value_or("(nothing)"); }
};

TEST(Sync, EndsADriftThatWasOnlyAlarmedAbout) {
  SinkWorld world;
  world.Once();
  ASSERT_EQ(world.At("/run/one"), "first");
  world.places.Put("/run/one", "by hand");
  const auto agent = world.Once();
  ASSERT_TRUE(agent->Get("whatsapp")->state.sinks.front().drifted);
  ASSERT_EQ(world.At("/run/one"), "by hand") << "an alarm writes nothing";
  const Result<TokenView> synced = agent->Sync("whatsapp");
  ASSERT_TRUE(synced.has_value()) << synced.error().message;
  EXPECT_EQ(world.At("/run/one"), "first");
  EXPECT_FALSE(synced->state.sinks.front().drifted);
}

TEST(Sync, NamesTheSinksThatCouldNotBeWrittenAndWritesTheOthers) {
  SinkWorld world;
  const auto agent = world.Once();
  world.places.Break("/run/one", true);
  world.places.Put("/run/two", "by hand");
  const Result<TokenView> synced = agent->Sync("whatsapp");
  ASSERT_FALSE(synced.has_value());
  EXPECT_EQ(synced.error().reason, "broken");
  EXPECT_NE(synced.error().message.find("/run/one"), std::string::npos);
  EXPECT_EQ(synced.error().message.find("/run/two"), std::string::npos);
  EXPECT_EQ(world.At("/run/two"), "first");
}

TEST(Sync, DoesNotSpreadAValueThatIsKnownToBeDead) {
  SinkWorld world;
  world.Once();
  world.issuer.Kill("first", Verdict::kRevoked, Reason::kRevokedByApi);
  world.clock.Advance(kHour);
  const auto agent = world.Once();
  world.places.Put("/run/one", "a new one");
  const Result<TokenView> synced = agent->Sync("whatsapp");
  ASSERT_FALSE(synced.has_value());
  EXPECT_EQ(synced.error().reason, "dead");
  EXPECT_EQ(world.At("/run/one"), "a new one");
}

TEST(Sync, HasNothingToDoWithoutAValueAndKnowsNoStrangers) {
  SinkWorld world;
  world.places.Break(".env#TOKEN", true);
  const auto agent = world.Once();
  EXPECT_EQ(agent->Sync("whatsapp").error().reason, "no_value");
  EXPECT_EQ(agent->Sync("somebody").error().reason, "no_such_credential");
}

TEST(Sinks, AreForgottenInTheStoreWhenTheyLeaveTheConfiguration) {
  SinkWorld world;
  world.Once();
  world.spec.sinks.pop_back();
  world.Once();
  const std::vector<CredentialState> stored = *world.store.LoadStates();
  ASSERT_EQ(stored.front().sinks.size(), 1u);
  EXPECT_EQ(stored.front().sinks.front().target, "/run/one");
}

TEST(Sinks, AreTriedMoreOftenAsTheEndComesNear) {
  const auto next_try = [](Seconds left) {
    SinkWorld world;
    world.spec.renew.enabled = false;
    world.GiveFirst("first", left);
    world.places.Break("/run/two", true);
    world.Start();
    world.Pass();
    for (int failures = 1; failures < 12; ++failures) {
      world.keeper->asked_verify = false;
      CredentialState state = world.state();
      state.sinks.back().last_attempt_at = world.clock.Now() - kDay;
      world.keeper->ReplaceState(state);
      world.Pass();
    }
    Snapshot snapshot{world.spec, world.state()};
    EXPECT_EQ(world.state().sinks.back().consecutive_failures, 12u);
    Config config;
    config.credentials = {world.spec};
    Agent agent(world.deps(), config, AgentOptions{});
    EXPECT_TRUE(agent.Start());
    const TokenView view = *agent.Get("whatsapp");
    agent.Stop();
    EXPECT_EQ(view.sink_retries.size(), 1u);
    EXPECT_EQ(view.sink_retries.front().target, "/run/two");
    return view.sink_retries.front().at - world.clock.Now();
  };
  const Seconds far = next_try(60 * kDay);
  const Seconds near = next_try(10 * kMinute);
  EXPECT_EQ(far, 10 * kMinute);
  EXPECT_LE(near, 100 * Seconds{1}) << "a sixth of what is left";
}

SinkSpec ServerSink(SinkKind kind, const std::string& path) {
  SinkSpec sink;
  sink.kind = kind;
  sink.path = path;
  sink.key = "token";
  return sink;
}

struct ServerWorld : SinkWorld {
  ServerWorld() {
    spec.sinks = {ServerSink(SinkKind::kVault, "secret/app"), FileSink("/run/one"),
                  ServerSink(SinkKind::kKubernetes, "app")};
    vault = spec.sinks[0].Target();
    cluster = spec.sinks[2].Target();
  }
  // Told as published and durable; waits for it, so a sink that is not tried would hang the test.
  void AwaitPublished(const std::string& target) {
    for (;;) {
      for (const Event& event : events.all()) {
        if (event.kind == Event::Kind::kPublished && event.target == target) return;
      }
      std::this_thread::yield();
    }
  }
  std::string vault;
  std::string cluster;
};

TEST(Sinks, AreWrittenAndToldWhileAServerBeforeThemDoesNotAnswer) {
  ServerWorld world;
  world.places.Hang(world.vault, true);
  std::jthread pass([&] { world.Pass(); });
  world.AwaitPublished(world.cluster);
  world.AwaitPublished("/run/one");
  EXPECT_EQ(world.At(world.cluster), "first");
  EXPECT_EQ(world.At("/run/one"), "first");
  EXPECT_EQ(world.At(world.vault), "(nothing)");
  world.places.Hang(world.vault, false);
  pass.join();
  EXPECT_EQ(world.At(world.vault), "first");
  for (const SinkState& sink : world.state().sinks) EXPECT_EQ(sink.generation, 1u) << sink.target;
}

TEST(Sinks, OnServersAreReadBesideEachOther) {
  ServerWorld world;
  world.Pass();
  world.places.Put(world.cluster, "by hand");
  world.places.Hang(world.vault, true);
  world.keeper->asked_verify = true;
  const int before = world.places.Reads(world.cluster);
  std::jthread pass([&] { world.Pass(); });
  while (world.places.Reads(world.cluster) == before) std::this_thread::yield();
  world.places.Hang(world.vault, false);
  pass.join();
  EXPECT_EQ(world.At(world.cluster), "first") << "a change by hand is repaired";
}

}  // namespace
}  // namespace tokenwarden
