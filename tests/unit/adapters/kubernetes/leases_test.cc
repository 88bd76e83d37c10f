#include "agent/adapters/kubernetes/leases.h"

#include <set>

#include "agent/core/hash.h"
#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr Seconds kDuration{15};
constexpr Seconds kPeriod{3};

// Replicas whose rounds the test runs one after the other, in a time that it moves.
struct LeasesTest : testing::Test, Bench {
  std::unique_ptr<Leases> Replica(const std::string& name, int shards = 1) {
    LeaseOptions options;
    options.identity = name;
    options.on_gained = [this, name] { ++gained[name]; };
    options.on_lost = [this, name] { ++lost[name]; };
    return std::make_unique<Leases>(client, ObjectName{"default", "bot"}, shards, kDuration,
                                    options, &heard);
  }
  static std::size_t Held(const Leases& replica) { return replica.HeldShards().size(); }
  FakeApiServer::Json SpecOf(int shard = 0) {
    return (*api.Object(LeasePath("bot-" + std::to_string(shard))))["spec"];
  }
  void Pass(const std::vector<Leases*>& replicas, Seconds time) {
    for (Seconds passed{0}; passed < time; passed += Seconds(1)) {
      clock.Advance(Seconds(1));
      for (Leases* replica : replicas) replica->Round();
    }
  }
  int Told(const std::string& reason) {
    int count = 0;
    for (const Event& event : heard.all()) count += event.reason == reason ? 1 : 0;
    return count;
  }
  // A name whose shard that is.
  static std::string CredentialOf(int shard, int shards) {
    for (int i = 0;; ++i) {
      const std::string name = "credential-" + std::to_string(i);
      if (Fnv1a(name) % static_cast<std::uint64_t>(shards) == static_cast<std::uint64_t>(shard)) {
        return name;
      }
    }
  }

  std::map<std::string, int> gained;
  std::map<std::string, int> lost;
};

TEST_F(LeasesTest, HoldsWhatNobodyElseHolds) {
  const auto a = Replica("a");
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
  a->Round();
  ASSERT_TRUE(a->EpochOf("whatsapp"));
  EXPECT_EQ(gained["a"], 1);
  EXPECT_EQ(SpecOf()["holderIdentity"], a->identity());
  EXPECT_EQ(SpecOf()["leaseDurationSeconds"], 15);
  EXPECT_EQ(SpecOf()["leaseTransitions"], *a->EpochOf("whatsapp"));
  EXPECT_EQ(SpecOf()["renewTime"].get<std::string>().size(),
            std::string("2026-11-20T10:00:00.000000Z").size());
}

TEST_F(LeasesTest, LeavesAloneWhatAnotherHolds) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  a->Round();
  const std::uint64_t epoch = *a->EpochOf("whatsapp");
  Pass({a.get(), b.get()}, kMinute * 5);
  EXPECT_EQ(Held(*b), 0u);
  EXPECT_EQ(a->EpochOf("whatsapp"), epoch);
  EXPECT_EQ(lost["a"], 0);
}

TEST_F(LeasesTest, IsHeldNoLongerThanItsDurationWhoeverLooksAndWithoutAThreadOfOurs) {
  const auto a = Replica("a");
  a->Round();
  clock.Advance(Seconds(11));
  EXPECT_TRUE(a->EpochOf("whatsapp"));
  clock.Advance(Seconds(1));
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
}

TEST_F(LeasesTest, IsTakenOverOnlyAfterItsWholeDurationWithoutAChange) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  a->Round();
  b->Round();
  for (int second = 1; second < 15; ++second) {
    Pass({b.get()}, Seconds(1));
    EXPECT_EQ(Held(*b), 0u) << second;
  }
  Pass({b.get()}, Seconds(1));
  EXPECT_EQ(Held(*b), 1u);
}

// The holder stops for longer than its Lease (SIGSTOP, a slow disk) and comes back.
TEST_F(LeasesTest, HoldsNothingAfterAPauseInWhichAnotherTookOver) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  a->Round();
  const std::uint64_t before = *a->EpochOf("whatsapp");
  Pass({b.get()}, kDuration + Seconds(1));
  ASSERT_TRUE(b->EpochOf("whatsapp"));
  EXPECT_GT(*b->EpochOf("whatsapp"), before);
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
  a->Round();
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
  EXPECT_EQ(lost["a"], 1);
  EXPECT_EQ(SpecOf()["holderIdentity"], b->identity());
}

TEST_F(LeasesTest, GetsANewEpochAfterAPauseInWhichNobodyTookOver) {
  const auto a = Replica("a");
  a->Round();
  const std::uint64_t before = *a->EpochOf("whatsapp");
  clock.Advance(Seconds(40));
  a->Round();
  ASSERT_TRUE(a->EpochOf("whatsapp"));
  EXPECT_GT(*a->EpochOf("whatsapp"), before);
  EXPECT_EQ(lost["a"], 1);
  EXPECT_EQ(gained["a"], 2);
}

TEST_F(LeasesTest, KeepsItsEpochWhileItIsRenewed) {
  const auto a = Replica("a");
  a->Round();
  const std::uint64_t epoch = *a->EpochOf("whatsapp");
  for (int i = 0; i < 50; ++i) {
    Pass({a.get()}, kPeriod);
    EXPECT_EQ(a->EpochOf("whatsapp"), epoch);
  }
}

TEST_F(LeasesTest, ChangesTheRecordWithEveryRenewalEvenWithinOneSecond) {
  const auto a = Replica("a");
  a->Round();
  std::set<std::string> times = {SpecOf()["renewTime"]};
  for (int i = 0; i < 5; ++i) {
    a->Round();
    times.insert(SpecOf()["renewTime"].get<std::string>());
  }
  EXPECT_GE(times.size(), 2u);
  const std::string last = SpecOf()["renewTime"];
  a->Round();
  EXPECT_NE(SpecOf()["renewTime"], last);
}

TEST_F(LeasesTest, HasAHigherEpochThanALeaseThatWasDeleted) {
  const auto a = Replica("a");
  a->Round();
  const std::uint64_t before = *a->EpochOf("whatsapp");
  clock.Advance(Seconds(2));
  api.DeleteObject(LeasePath("bot-0"));
  a->Round();
  EXPECT_EQ(Told("deleted"), 1);
  Pass({a.get()}, Seconds(1));
  ASSERT_TRUE(a->EpochOf("whatsapp"));
  EXPECT_GT(*a->EpochOf("whatsapp"), before);
}

TEST_F(LeasesTest, HasAHigherEpochAfterTheNumberOfShardsChanged) {
  std::uint64_t highest = 0;
  for (const int shards : {4, 8, 3}) {
    const auto a = Replica("a", shards);
    Pass({a.get()}, Seconds(10));
    ASSERT_EQ(Held(*a), static_cast<std::size_t>(shards));
    for (int i = 0; i < 20; ++i) {
      EXPECT_GT(*a->EpochOf("credential-" + std::to_string(i)), highest);
    }
    for (int i = 0; i < 20; ++i) {
      highest = std::max(highest, *a->EpochOf("credential-" + std::to_string(i)));
    }
    a->Stop();
  }
}

TEST_F(LeasesTest, TakesNothingWhileOthersShareByAnotherNumber) {
  const auto old_one = Replica("old", 2);
  Pass({old_one.get()}, Seconds(5));
  ASSERT_EQ(Held(*old_one), 2u);
  const auto new_one = Replica("new", 8);
  Pass({old_one.get(), new_one.get()}, Seconds(30));
  EXPECT_EQ(Held(*new_one), 0u);
  EXPECT_EQ(lost["old"], 0);
  EXPECT_EQ(Told("other_shards"), 1);
  old_one->Stop();
  Pass({new_one.get()}, Seconds(10));
  EXPECT_EQ(Held(*new_one), 8u);
}

TEST_F(LeasesTest, SurvivesAnApiServerThatIsAwayForLessThanTheLease) {
  const auto a = Replica("a");
  a->Round();
  const std::uint64_t epoch = *a->EpochOf("whatsapp");
  api.SetReachable(false);
  Pass({a.get()}, Seconds(9));
  EXPECT_EQ(a->EpochOf("whatsapp"), epoch);
  EXPECT_EQ(Told("connect"), 1);
  api.SetReachable(true);
  Pass({a.get()}, Seconds(1));
  Pass({a.get()}, Seconds(9));
  EXPECT_EQ(a->EpochOf("whatsapp"), epoch);
}

TEST_F(LeasesTest, LosesWhatItCannotRenew) {
  const auto a = Replica("a");
  a->Round();
  api.SetReachable(false);
  Pass({a.get()}, Seconds(13));
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
  EXPECT_EQ(lost["a"], 1);
  EXPECT_EQ(Told("lapsed"), 1);
}

TEST_F(LeasesTest, GoesOnAfterARenewalWhoseReplyWasLost) {
  const auto a = Replica("a");
  a->Round();
  const std::uint64_t epoch = *a->EpochOf("whatsapp");
  for (int i = 0; i < 3; ++i) api.LoseReply("PUT", "/bot-0");
  Pass({a.get()}, kPeriod * 4);
  EXPECT_EQ(a->EpochOf("whatsapp"), epoch);
  EXPECT_EQ(lost["a"], 0);
}

TEST_F(LeasesTest, IsGivenBackAtTheEndSoThatNobodyHasToWait) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  a->Round();
  b->Round();
  const std::uint64_t before = *a->EpochOf("whatsapp");
  a->Stop();
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
  EXPECT_EQ(SpecOf()["holderIdentity"], "");
  Pass({b.get()}, Seconds(1));
  ASSERT_TRUE(b->EpochOf("whatsapp"));
  EXPECT_GT(*b->EpochOf("whatsapp"), before);
}

TEST_F(LeasesTest, DoesNotTryEveryShardAtTheEndWhenNobodyAnswers) {
  const auto a = Replica("a", 8);
  Pass({a.get()}, Seconds(5));
  for (int i = 0; i < 8; ++i) {
    api.Refuse("PUT", "/bot-" + std::to_string(i),
               FakeApiServer::Status(500, "InternalError", "etcd"), 9);
  }
  api.ClearSent();
  a->Stop();
  EXPECT_EQ(api.CountSent("PUT"), 1);
  EXPECT_EQ(a->EpochOf("whatsapp"), std::nullopt);
}

TEST_F(LeasesTest, KeepsWhatElseIsInTheLease) {
  const auto a = Replica("a");
  a->Round();
  api.EditObject(LeasePath("bot-0"), [](FakeApiServer::Json& object) {
    object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm";
    object["spec"]["strategy"] = "OldestEmulationVersion";
  });
  Pass({a.get()}, kPeriod);
  EXPECT_EQ(SpecOf()["strategy"], "OldestEmulationVersion");
  EXPECT_EQ((*api.Object(LeasePath("bot-0")))["metadata"]["labels"].size(), 1u);
  EXPECT_TRUE(a->EpochOf("whatsapp"));
}

TEST_F(LeasesTest, UnderstandsALeaseWithMissingAndSenselessFields) {
  for (const char* spec : {"{}", R"({"holderIdentity":"x","leaseDurationSeconds":-5})",
                           R"({"holderIdentity":"x","leaseTransitions":"many"})", "null"}) {
    const auto a = Replica("a");
    a->Round();
    a->Stop();
    api.EditObject(LeasePath("bot-0"), [&](FakeApiServer::Json& object) {
      object["spec"] = FakeApiServer::Json::parse(spec);
    });
    const auto b = Replica("b");
    b->Round();
    Pass({b.get()}, kDuration);
    EXPECT_EQ(Held(*b), 1u) << spec;
    b->Stop();
  }
}

TEST_F(LeasesTest, SaysOnceWhenItMayNot) {
  const HttpReply refused = FakeApiServer::Status(
      403, "Forbidden", "leases \"bot-0\" is forbidden: User \"u\" cannot create resource");
  api.Refuse("PUT", "/bot-0", refused, 3);
  const auto a = Replica("a");
  Pass({a.get()}, Seconds(3));
  EXPECT_EQ(Held(*a), 0u);
  EXPECT_EQ(Told("forbidden_create"), 1);
  Pass({a.get()}, Seconds(2));
  EXPECT_EQ(Held(*a), 1u);
}

TEST_F(LeasesTest, NeverLetsTwoHoldTheSameShardHoweverTheirRoundsFall) {
  constexpr int kShards = 4;
  std::vector<std::unique_ptr<Leases>> replicas;
  for (int i = 0; i < 5; ++i) replicas.push_back(Replica("r" + std::to_string(i), kShards));
  std::vector<std::uint64_t> highest(kShards, 0);
  std::vector<std::string> credentials;
  for (int shard = 0; shard < kShards; ++shard) credentials.push_back(CredentialOf(shard, kShards));
  std::uint64_t random = 88172645463325252U;
  const auto next = [&random](std::uint64_t below) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random % below;
  };
  for (int step = 0; step < 2000; ++step) {
    if (next(3) == 0) clock.Advance(Seconds(static_cast<int>(next(8))));
    if (next(50) == 0) clock.Advance(Seconds(20));  // everybody stood still
    if (next(20) == 0) api.LoseReply("PUT", "/bot-" + std::to_string(next(kShards)));
    replicas[next(replicas.size())]->Round();
    for (int shard = 0; shard < kShards; ++shard) {
      int holders = 0;
      for (const auto& replica : replicas) {
        const auto epoch = replica->EpochOf(credentials[static_cast<std::size_t>(shard)]);
        if (!epoch) continue;
        ++holders;
        EXPECT_GE(*epoch, highest[static_cast<std::size_t>(shard)]);
        highest[static_cast<std::size_t>(shard)] = *epoch;
      }
      EXPECT_LE(holders, 1) << "shard " << shard << " at step " << step;
    }
  }
}

// ---- spreading ----

TEST_F(LeasesTest, TakesEveryShardSoonWhenItIsAlone) {
  const auto a = Replica("a", 16);
  a->Round();
  Pass({a.get()}, Seconds(4));
  EXPECT_EQ(Held(*a), 16u);
}

TEST_F(LeasesTest, SharesEvenlyWhatReplicasFindTogether) {
  const auto a = Replica("a", 9);
  const auto b = Replica("b", 9);
  const auto c = Replica("c", 9);
  Pass({a.get(), b.get(), c.get()}, Seconds(120));
  EXPECT_EQ(Held(*a), 3u);
  EXPECT_EQ(Held(*b), 3u);
  EXPECT_EQ(Held(*c), 3u);
}

TEST_F(LeasesTest, HandsOverToALateComerUntilBothHoldTheSame) {
  const auto a = Replica("a", 6);
  Pass({a.get()}, Seconds(10));
  ASSERT_EQ(Held(*a), 6u);
  const auto b = Replica("b", 6);
  Pass({a.get(), b.get()}, Seconds(120));
  EXPECT_EQ(Held(*a), 3u);
  EXPECT_EQ(Held(*b), 3u);
  const int handed_over = lost["a"];
  Pass({a.get(), b.get()}, Seconds(60));
  EXPECT_EQ(lost["a"], handed_over);
  EXPECT_EQ(lost["b"], 0);
}

TEST_F(LeasesTest, BeginsNothingNewOnAShardThatIsBeingHandedOverButKeepsItForWhatRuns) {
  const auto a = Replica("a", 2);
  Pass({a.get()}, Seconds(5));
  const auto b = Replica("b", 2);
  Pass({b.get(), a.get()}, Seconds(1));
  ASSERT_EQ(lost["a"], 1);
  const int given = a->EpochOf(CredentialOf(0, 2)) ? 1 : 0;
  EXPECT_EQ(a->EpochOf(CredentialOf(given, 2)), std::nullopt);
  EXPECT_EQ(SpecOf(given)["holderIdentity"], a->identity());
  Pass({b.get(), a.get()}, Seconds(11));
  EXPECT_EQ(SpecOf(given)["holderIdentity"], a->identity());
  Pass({b.get(), a.get()}, Seconds(5));
  EXPECT_TRUE(b->EpochOf(CredentialOf(given, 2)));
  EXPECT_TRUE(a->EpochOf(CredentialOf(1 - given, 2)));
}

TEST_F(LeasesTest, LeavesARestNobodyCanShareWhereItIs) {
  const auto a = Replica("a", 1);
  const auto b = Replica("b", 1);
  Pass({a.get(), b.get()}, Seconds(60));
  EXPECT_EQ(Held(*a) + Held(*b), 1u);
  EXPECT_EQ(lost["a"] + lost["b"], 0);
}

TEST_F(LeasesTest, TakesOverEverythingOfAReplicaThatDied) {
  const auto a = Replica("a", 6);
  auto b = Replica("b", 6);
  Pass({a.get(), b.get()}, Seconds(120));
  ASSERT_EQ(Held(*b), 3u);
  Pass({a.get()}, kDuration + Seconds(10));  // b is silent
  EXPECT_EQ(Held(*a), 6u);
}

TEST_F(LeasesTest, AsksTheServerOncePerShardAndPeriod) {
  const auto a = Replica("a", 4);
  Pass({a.get()}, Seconds(10));
  const auto b = Replica("b", 4);
  Pass({a.get(), b.get()}, Seconds(120));
  api.ClearSent();
  a->Round();
  EXPECT_EQ(api.CountSent("PUT"), 2);
  EXPECT_EQ(api.CountSent("GET"), 2);
}

// ---- the thread ----

TEST_F(LeasesTest, RunsByItselfAndWakesOnlyOncePerPeriod) {
  const auto a = Replica("a");
  a->Start();
  ASSERT_TRUE(Eventually([&] { return a->EpochOf("whatsapp").has_value(); }));
  ASSERT_TRUE(Eventually([&] { return clock.waits() == 1; }));
  api.ClearSent();
  clock.Advance(Seconds(2));
  EXPECT_EQ(api.CountSent("PUT"), 0);
  clock.Advance(Seconds(1));
  EXPECT_TRUE(Eventually([&] { return api.CountSent("PUT") == 1; }));
  a->Stop();
  EXPECT_EQ(SpecOf()["holderIdentity"], "");
}

}  // namespace
}  // namespace tokenwarden::kubernetes
