// One renewal, three places: a `.env`, a real Vault and a Secret of a real API server.
#include "tests/e2e/sync_stage.h"

namespace tokenwarden::it {
namespace {

VaultServer& DevVault() {
  static const std::unique_ptr<VaultServer> vault = VaultServer::StartDev();
  return *vault;
}

class Sync : public SyncStage {
 protected:
  Sync() : SyncStage(DevVault()) {}
};

TEST_F(Sync, ARenewedTokenReachesEveryPlaceWithItsMarkers) {
  Start();
  Renew();
  AwaitInSync();
  EXPECT_TRUE(stage().AwaitOk("/readyz"));
  EXPECT_EQ(Annotation("epoch"), "0");
  EXPECT_EQ(VaultSecret()["data"]["other"], "kept");
}

TEST_F(Sync, AHandEditOfTheSecretIsRepairedAtOnce) {
  Start();
  cluster().Must({"-n", "shop", "patch", "secret", name(), "--type=merge", "-p",
                  "{\"stringData\":{\"access_token\":\"written-by-hand\"}}"});
  EXPECT_TRUE(
      Eventually([&] { return InCluster() == stage().TokenInEnv(); }, std::chrono::seconds(5)));
}

TEST_F(Sync, AVaultTokenThatIsRevokedUnderTheAgentIsReplacedWithoutAnybodyNoticing) {
  Route route = Directly();
  route.vault_auth = ByAppRole();
  Start(route);
  vault().Must({"token", "revoke", "-mode=path", "auth/approle"});
  Renew();
  AwaitInSync();
  EXPECT_EQ(FailuresOf("vault"), 0) << stage().agent().err();
}

}  // namespace
}  // namespace tokenwarden::it
