// The Kubernetes adapter on a server in memory.
#include "tests/fakes/kube_api/fake_api_server.h"

#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "tests/contract/document_store_contract.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/contract/place_contract.h"
#include "tests/fakes/fake_clock.h"

namespace tokenwarden {
namespace {

using kubernetes::Kubernetes;

constexpr const char* kPlace = "default/bot";
constexpr const char* kKey = "access_token";

class Cluster {
 public:
  Cluster() {
    if (::mkdtemp(directory_.data()) == nullptr) std::abort();
    std::ofstream(path()) << "{clusters: [{name: c, cluster: {server: 'https://kube.test'}}], "
                             "users: [{name: u, user: {token: fake-bearer-of-a-test}}], "
                             "contexts: [{name: x, context: {cluster: c, user: u}}], "
                             "current-context: x}";
  }
  ~Cluster() {
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }
  std::unique_ptr<Kubernetes> Connect() {
    KubernetesSpec spec;
    spec.kubeconfig = path();
    return std::move(Kubernetes::Make(spec, api, clock, {}).value());
  }

  FakeApiServer api;
  FakeClock clock{FromUnix(1795168800)};

 private:
  std::string path() const { return directory_ + "/config"; }
  std::string directory_ = testing::TempDir() + "kube.XXXXXX";
};

class FakePlaceHarness final : public PlaceHarness {
 public:
  std::unique_ptr<Sink> MakeSink(Drift drift) override {
    return std::make_unique<ConnectedSink>(cluster_.Connect(), SinkAt(kPlace, kKey, drift));
  }
  std::unique_ptr<Source> MakeSource() override {
    return std::make_unique<ConnectedSource>(cluster_.Connect(), SourceAt(kPlace, kKey));
  }
  void PutByHand(const std::string& value) override {
    cluster_.api.EditSecret(kPlace, kKey, value);
  }
  void PutOtherKeyByHand(const std::string& value) override {
    cluster_.api.EditSecret(kPlace, "other", value);
  }
  std::optional<std::string> Held() override { return cluster_.api.ValueOf(kPlace, kKey); }
  std::optional<std::string> HeldUnderOtherKey() override {
    return cluster_.api.ValueOf(kPlace, "other");
  }

 private:
  Cluster cluster_;
};

class FakeDocumentHarness final : public DocumentStoreHarness {
 public:
  std::unique_ptr<DocumentStore> Open() override {
    return std::make_unique<ConnectedDocuments>(cluster_.Connect(), "default/state");
  }

 private:
  Cluster cluster_;
};

INSTANTIATE_TEST_SUITE_P(FakeApiServer, PlaceContract,
                         testing::Values([]() -> std::unique_ptr<PlaceHarness> {
                           return std::make_unique<FakePlaceHarness>();
                         }));
INSTANTIATE_TEST_SUITE_P(FakeApiServer, DocumentStoreContract,
                         testing::Values([]() -> std::unique_ptr<DocumentStoreHarness> {
                           return std::make_unique<FakeDocumentHarness>();
                         }));

}  // namespace
}  // namespace tokenwarden
