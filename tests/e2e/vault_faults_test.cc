// What happens to a Vault under a running agent: it goes on by itself, the other places wait for
// nothing, and Vault ends on the newest generation.
#include <atomic>
#include <thread>

#include "tests/e2e/sync_stage.h"
#include "tests/servers/fixture/toxiproxy.h"

namespace tokenwarden::it {
namespace {

// One server that each test hurts, and mends at its end.
VaultServer& RaftVault() {
  static const std::unique_ptr<VaultServer> vault = VaultServer::StartRaft();
  return *vault;
}

class VaultUnderAnAgent : public SyncStage {
 protected:
  VaultUnderAnAgent() : SyncStage(RaftVault()) {}

  // Two renewals while Vault is out of reach: everybody else has both at once.
  void RenewTwiceWithout(const std::string& reason) {
    for (int renewal = 0; renewal < 2; ++renewal) {
      ASSERT_NO_FATAL_FAILURE(Renew());
      ASSERT_NO_FATAL_FAILURE(AwaitPlace("kubernetes"));
      EXPECT_TRUE(InCluster() == stage().TokenInEnv());
    }
    ASSERT_NO_FATAL_FAILURE(AwaitFailure("vault", reason));
  }
  void ExpectOnlyTheNewestWasCaughtUpWith() {
    const std::vector<std::string> history = HistoryInVault("access_token");
    ASSERT_EQ(history.size(), 3u);  // before us, generation 1, generation 3
    EXPECT_TRUE(history[2] == stage().TokenInEnv());
  }
};

TEST_F(VaultUnderAnAgent, SealedDelaysNoOtherPlaceAndGetsTheNewestOnly) {
  Start();
  vault().Seal();
  RenewTwiceWithout("sealed");
  vault().Unseal();
  AwaitInSync();
  ExpectOnlyTheNewestWasCaughtUpWith();
}

TEST_F(VaultUnderAnAgent, KilledAndRestartedGetsTheNewestOnly) {
  Start();
  vault().Kill();
  RenewTwiceWithout("connect");
  vault().Restart();
  vault().Unseal();
  AwaitInSync();
  ExpectOnlyTheNewestWasCaughtUpWith();
}

TEST_F(VaultUnderAnAgent, AQuotaIsObeyedAndIsNoHarm) {
  Start();
  vault().Must({"write", "sys/quotas/config", "enable_rate_limit_response_headers=true"});
  vault().Must({"write", "sys/quotas/rate-limit/slow", "path=secret", "rate=1", "interval=10s"});
  RenewTwiceWithout("rate_limited");
  vault().Must({"delete", "sys/quotas/rate-limit/slow"});
  AwaitInSync();
}

TEST_F(VaultUnderAnAgent, ATokenThatWasGivenIsRevokedAndTheNextIsTakenFromItsFile) {
  Start();
  const std::string token = stage().room().Read("vault-token");
  vault().Must({"token", "revoke", token});
  RenewTwiceWithout("dead_token");
  WriteNewToken();
  AwaitInSync();
}

// `vault kv patch` between our reading and our writing, slowed down so that it comes there.
TEST_F(VaultUnderAnAgent, APersonWhoEditsTheSameSecretLosesNothingAndNeitherDoWe) {
  Toxiproxy proxy;
  Route route = Directly();
  route.vault = "http://" + proxy.AddProxy("vault", vault().address().substr(7));
  Start(route);
  proxy.AddToxic("vault", "latency", R"({"latency":300})");
  std::atomic<bool> editing{true};
  std::atomic<int> edits{0};
  std::thread person([&] {
    while (editing) {
      vault().Must({"kv", "patch", path(), "other=" + std::to_string(edits + 1)});
      ++edits;
    }
  });
  for (int tries = 0; tries < 10 && FailuresOf("vault", "conflict") == 0; ++tries) Renew();
  editing = false;
  person.join();
  EXPECT_GT(FailuresOf("vault", "conflict"), 0) << stage().agent().err();
  proxy.Reset();
  AwaitInSync();

  EXPECT_EQ(VaultSecret()["data"]["other"], std::to_string(edits));
  int seen = 0;
  for (const std::string& other : HistoryInVault("other")) {
    if (other == "kept") continue;
    EXPECT_GE(std::stoi(other), seen) << "an edit was undone";
    seen = std::stoi(other);
  }

  vault().Must({"kv", "patch", path(), "access_token=written-by-hand"});
  EXPECT_TRUE(Eventually([&] { return InVault() == stage().TokenInEnv(); }));
  AwaitInSync();
}

}  // namespace
}  // namespace tokenwarden::it
