// The state as documents on a real Vault and on a real API server.
#include <atomic>
#include <string>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/kubernetes/kubernetes.h"
#include "agent/adapters/system/system_clock.h"
#include "agent/adapters/vault/vault.h"
#include "tests/contract/documents/document_harness.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden {
namespace {

std::string NextName() {
  static std::atomic<int> made{0};
  return "corner-" + std::to_string(++made);
}

class OneSecret : public SecretResolver {
 public:
  explicit OneSecret(std::string value) : value_(std::move(value)) {}
  Result<Secret> Resolve(const SecretRef&) override { return Secret(value_); }

 private:
  const std::string value_;
};

// What a connection is made of; goes after it.
struct Wires {
  std::unique_ptr<curl::CurlHttpClient> http = curl::MakeHttpClient({});
  sys::SystemClock clock;
};

class VaultDocuments : private Wires, public DocumentStore {
 public:
  Result<std::optional<Document>> Read(const std::string& name) override {
    return documents_->Read(name);
  }
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override {
    return documents_->Write(name, bytes, expected);
  }

 private:
  static it::VaultServer& Server() {
    static const std::unique_ptr<it::VaultServer> server = it::VaultServer::StartDev();
    return *server;
  }
  static VaultSpec Spec() {
    VaultSpec spec;
    spec.address = Server().address();
    spec.auth.kind = VaultAuthSpec::Kind::kToken;
    spec.auth.token = SecretRef{SecretRef::Kind::kEnv, "TOKEN", ""};
    return spec;
  }

  OneSecret token_{Server().root_token()};
  std::unique_ptr<vault::Vault> vault_ =
      std::move(vault::Vault::Make(Spec(), *http, clock, token_, {}).value());
  std::unique_ptr<DocumentStore> documents_ = vault_->MakeDocumentStore("secret/" + NextName());
};

class SecretDocuments : private Wires, public DocumentStore {
 public:
  Result<std::optional<Document>> Read(const std::string& name) override {
    return documents_->Read(name);
  }
  Result<std::vector<std::optional<Document>>> ReadMany(
      const std::vector<std::string>& names) override {
    return documents_->ReadMany(names);
  }
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override {
    return documents_->Write(name, bytes, expected);
  }

 private:
  static it::ControlPlane& Cluster() {
    static it::ControlPlane cluster;
    static const std::string made = cluster.Must({"create", "namespace", "states"});
    return cluster;
  }
  static KubernetesSpec Spec() {
    KubernetesSpec spec;
    spec.kubeconfig = Cluster().kubeconfig();
    return spec;
  }

  std::unique_ptr<kubernetes::Kubernetes> connection_ =
      std::move(kubernetes::Kubernetes::Make(Spec(), *http, clock, {}).value());
  std::unique_ptr<DocumentStore> documents_ =
      std::move(connection_->MakeDocumentStore("states/" + NextName()).value());
};

template <typename Documents>
std::unique_ptr<StateStoreHarness> MakeHarness() {
  return std::make_unique<DocumentHarness>(std::make_unique<Documents>());
}

INSTANTIATE_TEST_SUITE_P(Vault, StateStoreContract, testing::Values(MakeHarness<VaultDocuments>));
INSTANTIATE_TEST_SUITE_P(ApiServer, StateStoreContract,
                         testing::Values(MakeHarness<SecretDocuments>));

}  // namespace
}  // namespace tokenwarden
