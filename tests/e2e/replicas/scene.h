// Scene: the servers that the agents share, the credentials in them, and what they hold.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/replicas/evidence.h"
#include "tests/e2e/replicas/fleet.h"
#include "tests/e2e/replicas/secret_history.h"
#include "tests/integration/stage.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden::replicas {

inline constexpr char kNamespace[] = "replicas";

struct Shape {
  int agents = 5;
  int credentials = 20;
  int shards = 5;
  int lease_seconds = 5;
  bool with_vault = false;  // the state and a second copy of each value are there
  bool with_leases = true;  // false: each agent for itself, to see that this is found out
};

class Scene {
 public:
  explicit Scene(const Shape& shape);

  Setting MakeSetting() const;
  const std::vector<std::string>& credentials() const { return credentials_; }
  const std::map<std::string, std::string>& first_values() const { return first_values_; }
  it::Simulator& issuer() { return issuer_; }
  it::ControlPlane& cluster() { return cluster_; }
  const Fingerprinter& fingerprinter() const { return *fingerprinter_; }

  // The Secrets by the names of their places, nothing seen yet.
  std::map<std::string, Place> Secrets() const;
  // What is there now, by kubectl and by Vault's own API.
  void ReadSecrets(std::map<std::string, Place>& places) const;
  void ReadVault(std::map<std::string, Place>& places) const;

 private:
  void MintValues();
  void FillCluster();
  void FillVault();
  std::string FromVault(const std::string& path) const;

  const Shape shape_;
  it::TemporaryDirectory room_;
  it::Simulator issuer_;
  it::ControlPlane cluster_{{kStoreJson}};
  std::unique_ptr<it::VaultServer> vault_;
  std::vector<std::string> credentials_;
  std::map<std::string, std::string> first_values_;
  std::string kubeconfig_;
  std::unique_ptr<Fingerprinter> fingerprinter_;
};

}  // namespace tokenwarden::replicas
