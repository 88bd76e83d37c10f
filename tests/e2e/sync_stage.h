// SyncStage: an agent process that keeps one token in three places, a `.env`, a real Vault and a
// Secret of a real API server, with narrow rights in both. What is there is read by `vault` and
// `kubectl`, not by our own client.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/stage.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden::it {

// All tests of a process share the servers; each has a secret of its own, of the same name in both.
class SyncStage : public testing::Test {
 protected:
  // How the agent reaches the servers.
  struct Route {
    std::string vault;       // URL
    std::string vault_auth;  // YAML
    std::string kubernetes;  // URL
    std::string state;       // YAML; empty: a file
  };

  explicit SyncStage(VaultServer& vault);
  static ControlPlane& cluster();
  VaultServer& vault() { return vault_; }
  Stage& stage() { return stage_; }

  Route Directly() const;
  // A way to log in to Vault, as YAML.
  std::string ByAppRole();
  void WriteNewToken();  // into the token file that is named by default

  // Starts the agent and waits until the first value is in every place. Beside it stands another
  // key in Vault, `other`.
  void Start(const Route& route);
  void Start() { Start(Directly()); }
  // Has the token renewed, and waits until the issuer did so and the `.env` has it.
  void Renew();
  int generation() const { return static_cast<int>(values_.size()); }

  // Waits until the agent says that the newest generation is in that place.
  void AwaitPlace(const std::string& sink);
  // Waits until the agent says so of all, and has others say whether it is true: value, markers,
  // the other key, no more exchanges than renewals, and in Vault no older value after a newer one.
  void AwaitInSync();
  // How many of the three hold something else than the newest value.
  int CountBehind() const;
  // How often Vault got an older value after a newer one.
  int CountStaleOverwrites() const;
  // Waits until a publish to Vault or to Kubernetes has failed for that reason.
  void AwaitFailure(const std::string& sink, const std::string& reason);
  int FailuresOf(const std::string& sink, const std::string& reason = "") const;

  // `secret/NAME`, and the name of the Secret.
  std::string path() const { return "secret/" + name_; }
  const std::string& name() const { return name_; }
  std::string InVault() const;
  std::string InCluster() const;
  Json VaultSecret() const;
  std::string Annotation(const std::string& word) const;
  // A key of every version that is kept, oldest first; empty where it is not there.
  std::vector<std::string> HistoryInVault(const std::string& key) const;

 private:
  void WriteConfig(const Route& route);

  VaultServer& vault_;
  Stage stage_;
  const std::string name_;
  std::vector<std::string> values_;  // by generation
};

}  // namespace tokenwarden::it
