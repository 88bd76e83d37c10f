// A network that delays, resets, cuts and drips, between a running agent and each of its servers.
// After every fault the agent goes on by itself and every place ends on the newest generation.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/e2e/sync_stage.h"
#include "tests/servers/fixture/toxiproxy.h"

namespace tokenwarden::it {
namespace {

VaultServer& DevVault() {
  static const std::unique_ptr<VaultServer> vault = VaultServer::StartDev();
  return *vault;
}

struct Fault {
  const char* type;
  const char* attributes;
  const char* stream = "downstream";
};

constexpr Fault kFaults[] = {
    {"latency", R"({"latency":700,"jitter":300})"},
    {"reset_peer", R"({"timeout":0})"},
    {"reset_peer", R"({"timeout":30})"},
    {"reset_peer", R"({"timeout":0})", "upstream"},
    {"limit_data", R"({"bytes":0})"},
    {"limit_data", R"({"bytes":200})"},
    {"limit_data", R"({"bytes":900})"},
    {"limit_data", R"({"bytes":1700})"},
    {"limit_data", R"({"bytes":3000})"},
    {"limit_data", R"({"bytes":400})", "upstream"},
    {"slicer", R"({"average_size":20,"size_variation":10,"delay":20000})"},
    {"bandwidth", R"({"rate":1})"},
    {"timeout", R"({"timeout":0})"},
};

class BadNetwork : public SyncStage {
 protected:
  BadNetwork() : SyncStage(DevVault()) {}

  // Through every fault between the agent and the server of `sink`, while `other` is well.
  void RenewThroughEveryFault(const std::string& sink, const std::string& other) {
    int faults = 0;
    std::chrono::milliseconds longest{0};  // how long the other place waited
    for (const Fault& fault : kFaults) {
      SCOPED_TRACE(std::string(fault.type) + fault.attributes + fault.stream);
      proxy_.AddToxic(sink, fault.type, fault.attributes, fault.stream);
      ASSERT_NO_FATAL_FAILURE(Renew());
      const auto renewed_at = std::chrono::steady_clock::now();
      ASSERT_NO_FATAL_FAILURE(AwaitPlace(other));
      longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::steady_clock::now() - renewed_at));
      proxy_.Reset();
      ASSERT_NO_FATAL_FAILURE(AwaitInSync());
      ++faults;
    }
    EXPECT_GT(FailuresOf(sink), 3) << "these faults were none";
    EXPECT_EQ(FailuresOf(other), 0) << stage().agent().err();
    printf(
        "%s: faults=%d rotations=%d double_refreshes=%d stale_overwrites=%d behind=%d "
        "failed_publishes=%d longest_wait_of_%s_ms=%lld\n",
        sink.c_str(), faults, generation() - 1, stage().issuer().Exchanges() - (generation() - 1),
        CountStaleOverwrites(), CountBehind(), FailuresOf(sink), other.c_str(),
        static_cast<long long>(longest.count()));
  }

  Toxiproxy proxy_;
};

TEST_F(BadNetwork, BetweenTheAgentAndVaultLosesNothing) {
  Route route = Directly();
  route.vault = "http://" + proxy_.AddProxy("vault", vault().address().substr(7));
  Start(route);
  RenewThroughEveryFault("vault", "kubernetes");
}

TEST_F(BadNetwork, BetweenTheAgentAndTheApiServerLosesNothing) {
  Route route = Directly();
  route.kubernetes = "https://" + proxy_.AddProxy("kubernetes", cluster().server().substr(8));
  Start(route);
  RenewThroughEveryFault("kubernetes", "vault");
  // It is watched again.
  cluster().Must({"-n", "shop", "patch", "secret", name(), "--type=merge", "-p",
                  "{\"stringData\":{\"access_token\":\"written-by-hand\"}}"});
  EXPECT_TRUE(Eventually([&] { return InCluster() == stage().TokenInEnv(); }));
}

TEST_F(BadNetwork, AnApiServerThatIsKilledAndRestartedLosesNothing) {
  Start();
  cluster().KillApiServer();
  Renew();
  AwaitPlace("vault");
  Renew();
  AwaitPlace("vault");
  EXPECT_TRUE(InVault() == stage().TokenInEnv());
  EXPECT_GT(FailuresOf("kubernetes"), 0);
  cluster().RestartApiServer();
  AwaitInSync();
}

}  // namespace
}  // namespace tokenwarden::it
