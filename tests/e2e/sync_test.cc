// One renewal, three places: a `.env`, a real Vault and a Secret of a real API server, read back by
// `vault` and `kubectl` and not by our own client.
#include <gtest/gtest.h>

#include "agent/core/base64.h"
#include "tests/integration/stage.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden::it {
namespace {

constexpr char kRole[] = R"(
apiVersion: v1
kind: Secret
metadata: {name: whatsapp-token, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tokenwarden, namespace: shop}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: [whatsapp-token], verbs: [get, patch, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tokenwarden, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tokenwarden}
subjects: [{kind: ServiceAccount, name: tokenwarden, namespace: shop}]
)";

constexpr char kPolicy[] =
    "path \"secret/data/whatsapp\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
    "path \"secret/metadata/whatsapp\" { capabilities = [\"create\", \"update\", \"patch\"] }\n";

class Sync : public testing::Test {
 protected:
  void SetUp() override {
    vault_ = VaultServer::StartDev();
    cluster_ = std::make_unique<ControlPlane>();
    cluster_->MakeServiceAccount("shop", "tokenwarden");
    cluster_->Apply(kRole);
    vault_->Must({"policy", "write", "agent", "-"}, kPolicy);
    const Json token = Json::parse(
        vault_->Must({"token", "create", "-policy=agent", "-period=1h", "-format=json"}));
    const std::string value = token["auth"]["client_token"];
    PlantSecret(value);
    stage_.room().Write("vault-token", value);
    first_ = stage_.issuer().MintEnding(std::chrono::hours(24 * 40), std::chrono::hours(24 * 10));
    stage_.WriteEnv(first_);
    WriteConfig("14d");
    stage_.StartAgent();
    ASSERT_TRUE(stage_.AwaitOk("/readyz"));
  }

  void WriteConfig(const std::string& before) {
    stage_.WriteConfig("{before: " + before + "}", R"(
      - vault: {path: secret/whatsapp, key: access_token}
      - kubernetes: {secret: whatsapp-token, key: access_token}
    inspect: {every: 1h}
    verify: {every: 1s}
)");
    std::string config = stage_.room().Read("tokenwarden.yaml");
    // The sinks go on from the one that is there.
    const std::string sinks = "    sinks: [{dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}]\n";
    const std::size_t at = config.find(sinks);
    ASSERT_NE(at, std::string::npos);
    config.replace(at, sinks.size(),
                   "    sinks:\n      - dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}");
    stage_.room().Write("tokenwarden.yaml",
                        config + "vault: {address: \"" + vault_->address() +
                            "\", auth: {token_file: " + stage_.room().File("vault-token") +
                            "}}\nkubernetes: {kubeconfig: " +
                            cluster_->KubeconfigFor(cluster_->TokenOf("shop", "tokenwarden")) +
                            ", namespace: shop}\n");
  }

  std::string InVault() {
    return vault_->Vault({"kv", "get", "-field=access_token", "secret/whatsapp"}).out;
  }
  std::string InCluster() {
    const std::string coded = cluster_->Must(
        {"-n", "shop", "get", "secret", "whatsapp-token", "-o", "jsonpath={.data.access_token}"});
    const std::optional<Secret> value = FromBase64(coded);
    return value ? std::string(value->Reveal()) : "";
  }
  std::string Annotation(const std::string& name) {
    return cluster_->Must({"-n", "shop", "get", "secret", "whatsapp-token", "-o",
                           "jsonpath={.metadata.annotations.tokenwarden\\.dev/" + name + "}"});
  }
  void ExpectEverywhere(const std::string& value) {
    EXPECT_EQ(stage_.TokenInEnv() == value, true);
    EXPECT_EQ(InVault() == value, true) << "Vault holds something else";
    EXPECT_EQ(InCluster() == value, true) << "the Secret holds something else";
  }

  Stage stage_;
  std::unique_ptr<VaultServer> vault_;
  std::unique_ptr<ControlPlane> cluster_;
  std::string first_;
};

TEST_F(Sync, ARenewedTokenReachesEveryPlaceWithItsMarkers) {
  ExpectEverywhere(first_);
  EXPECT_EQ(Annotation("generation"), "1");
  const Finished refreshed = stage_.Cli({"refresh", "whatsapp"});
  ASSERT_EQ(refreshed.exit_code, 0) << refreshed.err << stage_.agent().err();
  ASSERT_TRUE(stage_.AwaitOk("/readyz"));
  const std::string renewed = stage_.TokenInEnv();
  EXPECT_NE(renewed, first_);
  ExpectEverywhere(renewed);
  EXPECT_EQ(Annotation("generation"), "2");
  EXPECT_EQ(Annotation("epoch"), "0");
  const Json secret =
      Json::parse(vault_->Must({"kv", "get", "-format=json", "secret/whatsapp"}))["data"];
  EXPECT_EQ(secret["metadata"]["custom_metadata"]["tokenwarden_generation"], "2");
  EXPECT_EQ(secret["metadata"]["custom_metadata"]["tokenwarden_fingerprint"],
            Annotation("fingerprint"));
}

TEST_F(Sync, AHandEditOfTheSecretIsRepairedAtOnce) {
  cluster_->Must({"-n", "shop", "patch", "secret", "whatsapp-token", "--type=merge", "-p",
                  "{\"stringData\":{\"access_token\":\"written-by-hand\"}}"});
  EXPECT_TRUE(Eventually([&] { return InCluster() == first_; }, std::chrono::seconds(5)));
}

}  // namespace
}  // namespace tokenwarden::it
