// The Kubernetes adapter on a real API server; kubectl is what others do and see.
#include <atomic>
#include <nlohmann/json.hpp>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/system/system_clock.h"
#include "tests/contract/document_store_contract.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/contract/place_contract.h"
#include "tests/servers/fixture/control_plane.h"

namespace tokenwarden {
namespace {

using kubernetes::Kubernetes;

constexpr const char* kName = "bot";
constexpr const char* kKey = "access_token";

it::ControlPlane& Cluster() {
  static it::ControlPlane cluster;
  return cluster;
}

// A namespace and an HTTP client of its own per test.
class Corner {
 public:
  Corner() { Cluster().Must({"create", "namespace", name_}); }
  const std::string& name() const { return name_; }
  std::string PlaceOf(const std::string& secret) const { return name_ + "/" + secret; }

  std::unique_ptr<Kubernetes> Connect() {
    KubernetesSpec spec;
    spec.kubeconfig = Cluster().kubeconfig();
    return std::move(Kubernetes::Make(spec, *http_, clock_, {}).value());
  }

 private:
  static std::string NextName() {
    static std::atomic<int> corners{0};
    return "corner-" + std::to_string(++corners);
  }

  const std::string name_ = NextName();
  std::unique_ptr<curl::CurlHttpClient> http_ = curl::MakeHttpClient({});
  sys::SystemClock clock_;
};

class RealPlaceHarness final : public PlaceHarness {
 public:
  std::unique_ptr<Sink> MakeSink(Drift drift) override {
    return std::make_unique<ConnectedSink>(corner_.Connect(),
                                           SinkAt(corner_.PlaceOf(kName), kKey, drift));
  }
  std::unique_ptr<Source> MakeSource() override {
    return std::make_unique<ConnectedSource>(corner_.Connect(),
                                             SourceAt(corner_.PlaceOf(kName), kKey));
  }
  void PutByHand(const std::string& value) override { Edit(kKey, value); }
  void PutOtherKeyByHand(const std::string& value) override { Edit("other", value); }
  std::optional<std::string> Held() override { return ValueOf(kKey); }
  std::optional<std::string> HeldUnderOtherKey() override { return ValueOf("other"); }

 private:
  void Edit(const std::string& key, const std::string& value) {
    if (Kubectl({"get", "secret", kName}).exit_code != 0) {
      Kubectl({"create", "secret", "generic", kName});
    }
    const nlohmann::json patch = {{"stringData", {{key, value}}}};
    EXPECT_EQ(Kubectl({"patch", "secret", kName, "--type=merge", "-p", patch.dump()}).exit_code, 0);
  }
  std::optional<std::string> ValueOf(const std::string& key) {
    const std::string by = "go-template={{with .data}}{{with index . \"" + key +
                           "\"}}{{base64decode .}}{{end}}{{end}}";
    const it::Finished got = Kubectl({"get", "secret", kName, "-o", by});
    return got.exit_code == 0 && !got.out.empty() ? std::optional(got.out) : std::nullopt;
  }
  it::Finished Kubectl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-n", corner_.name()});
    return Cluster().Kubectl(std::move(arguments));
  }

  Corner corner_;
};

class RealDocumentHarness final : public DocumentStoreHarness {
 public:
  std::unique_ptr<DocumentStore> Open() override {
    return std::make_unique<ConnectedDocuments>(corner_.Connect(), corner_.PlaceOf("state"));
  }

 private:
  Corner corner_;
};

INSTANTIATE_TEST_SUITE_P(ApiServer, PlaceContract,
                         testing::Values([]() -> std::unique_ptr<PlaceHarness> {
                           return std::make_unique<RealPlaceHarness>();
                         }));
INSTANTIATE_TEST_SUITE_P(ApiServer, DocumentStoreContract,
                         testing::Values([]() -> std::unique_ptr<DocumentStoreHarness> {
                           return std::make_unique<RealDocumentHarness>();
                         }));

}  // namespace
}  // namespace tokenwarden
