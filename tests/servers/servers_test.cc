// The real servers come up, do what tests need of them, and leave nothing behind.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/integration/stage.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/toxiproxy.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden::it {
namespace {

bool Exists(pid_t pid) { return kill(pid, 0) == 0; }

TEST(VaultServer, InDevelopmentModeKeepsASecretAndIsGoneAfterwards) {
  pid_t pid = -1;
  {
    const auto vault = VaultServer::StartDev();
    pid = vault->server().pid();
    vault->Must({"kv", "put", "secret/a", "k=v"});
    EXPECT_EQ(vault->Must({"kv", "get", "-field=k", "secret/a"}), "v");
  }
  EXPECT_FALSE(Exists(pid));
}

TEST(VaultServer, SpeaksTlsUnderItsOwnAuthority) {
  const auto vault = VaultServer::StartDev({true, false});
  EXPECT_EQ(vault->address().rfind("https://", 0), 0u);
  EXPECT_EQ(vault->Vault({"token", "lookup"}).exit_code, 0);
}

TEST(VaultServer, KeepsItsDataOverSealsAndRestarts) {
  const auto vault = VaultServer::StartRaft();
  vault->Must({"kv", "put", "secret/a", "k=v"});
  vault->Seal();
  EXPECT_NE(vault->Vault({"kv", "get", "secret/a"}).exit_code, 0);
  vault->Restart();
  vault->Unseal();
  EXPECT_EQ(vault->Must({"kv", "get", "-field=k", "secret/a"}), "v");
}

TEST(VaultServer, HasTheKubernetesMethodWhenAsked) {
  const auto vault = VaultServer::StartDev({false, true});
  EXPECT_NE(vault->Must({"auth", "list"}).find("kubernetes/"), std::string::npos);
}

TEST(ControlPlane, EnforcesRbacKeepsItsDataOverARestartAndIsGoneAfterwards) {
  pid_t api = -1;
  pid_t etcd = -1;
  {
    ControlPlane cluster;
    api = cluster.api().pid();
    etcd = cluster.etcd().pid();
    cluster.MakeServiceAccount("shop", "bot");
    cluster.Must({"-n", "shop", "create", "secret", "generic", "s", "--from-literal=k=v"});
    const std::string as_bot = cluster.KubeconfigFor(cluster.TokenOf("shop", "bot"));
    EXPECT_NE(cluster.Kubectl({"--kubeconfig", as_bot, "-n", "shop", "get", "secret", "s"})
                  .err.find("Forbidden"),
              std::string::npos);
    cluster.KillApiServer();
    cluster.RestartApiServer();
    EXPECT_EQ(cluster.Must({"-n", "shop", "get", "secret", "s", "-o", "jsonpath={.data.k}"}),
              "dg==");
    api = cluster.api().pid();
  }
  EXPECT_FALSE(Exists(api));
  EXPECT_FALSE(Exists(etcd));
}

TEST(Toxiproxy, StandsBetweenAndCanBeCut) {
  const auto vault = VaultServer::StartDev();
  Toxiproxy proxy;
  const std::string url =
      "http://" + proxy.AddProxy("vault", vault->address().substr(7)) + "/v1/sys/health";
  EXPECT_EQ(Get(url).status, 200);
  proxy.Enable("vault", false);
  EXPECT_EQ(Get(url).status, 0);
  proxy.Reset();
  EXPECT_EQ(Get(url).status, 200);
}

}  // namespace
}  // namespace tokenwarden::it
