// Logging in to a real Vault as a pod, judged by a real API server.
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/vault/vault_stage.h"

namespace tokenwarden::it {
namespace {

using Kind = VaultAuthSpec::Kind;

TEST(VaultInACluster, LogsInByThePodsServiceAccountAlsoAfterTheApiServerWasDown) {
  ControlPlane cluster;
  cluster.MakeServiceAccount("shop", "bot");
  const auto server = VaultServer::StartDev({false, true});
  server->Must({"policy", "write", "app", "-"}, kPolicy);
  server->Must({"kv", "put", "secret/a", "k=v"});
  server->Must({"write", "auth/kubernetes/config", "kubernetes_host=" + cluster.server(),
                "kubernetes_ca_cert=@" + cluster.ca_file(),
                "token_reviewer_jwt=" + ControlPlane::admin_token(), "disable_local_ca_jwt=true"});
  for (const std::string& role : {std::string("tokenwarden"), std::string("other")}) {
    server->Must({"write", "auth/kubernetes/role/" + role,
                  "bound_service_account_names=" + (role == "other" ? role : "bot"),
                  "bound_service_account_namespaces=shop", "audience=vault", "token_policies=app",
                  "token_ttl=10m"});
  }
  VaultClient client;
  VaultSpec spec;
  spec.address = server->address();
  client.room_.Write("pod-token", cluster.TokenOf("shop", "bot", "vault"));
  const auto vault = client.Connect(spec);  // in a pod nothing is configured
  ExpectReadsAt(*vault, "secret/a");

  spec.auth.kind = Kind::kKubernetes;
  spec.auth.role = "other";
  const auto other = client.Connect(spec);
  EXPECT_EQ(ReadAt(*other, "secret/a").error().reason, "login_refused");
  spec.auth.role = "nobody";
  EXPECT_EQ(ReadAt(*client.Connect(spec), "secret/a").error().reason, "no_such_role");
  spec.auth.role = "tokenwarden";
  client.room_.Write("pod-token", cluster.TokenOf("shop", "bot", "elsewhere"));
  EXPECT_EQ(ReadAt(*client.Connect(spec), "secret/a").error().reason, "login_refused");

  client.room_.Write("pod-token", cluster.TokenOf("shop", "bot", "vault"));
  const auto later = client.Connect(spec);
  cluster.KillApiServer();
  const Result<Secret> down = ReadAt(*later, "secret/a");
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().reason, "login_refused") << down.error().message;
  EXPECT_NE(down.error().action.find("API server"), std::string::npos);
  cluster.RestartApiServer();
  client.clock_.Advance(Seconds{60});
  ExpectReadsAt(*later, "secret/a");
}

}  // namespace
}  // namespace tokenwarden::it
