// The Vault adapter on a real Vault, with both versions of the key-value engine; `vault` is what
// others do and see.
#include <atomic>
#include <nlohmann/json.hpp>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/adapters/system/system_clock.h"
#include "tests/contract/document_store_contract.h"
#include "tests/contract/place_contract.h"
#include "tests/contract/vault/connected.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden {
namespace {

constexpr const char* kKey = "access_token";

it::VaultServer& Server() {
  static const std::unique_ptr<it::VaultServer> server = [] {
    auto started = it::VaultServer::StartDev();
    started->Must({"secrets", "enable", "-path=kv1", "-version=1", "kv"});
    return started;
  }();
  return *server;
}

// A path and an HTTP client of its own per test.
class Corner {
 public:
  explicit Corner(const std::string& mount) : path_(mount + "/corner-" + NextNumber()) {}
  const std::string& path() const { return path_; }

  std::unique_ptr<vault::Vault> Connect() {
    VaultSpec spec;
    spec.address = Server().address();
    spec.auth.kind = VaultAuthSpec::Kind::kTokenFile;
    spec.auth.token_file = token_file_;
    return std::move(vault::Vault::Make(spec, *http_, clock_, *secrets_, {}).value());
  }

 private:
  static std::string NextNumber() {
    static std::atomic<int> corners{0};
    return std::to_string(++corners);
  }

  const std::string path_;
  it::TemporaryDirectory room_;
  const std::string token_file_ = room_.Write("token", Server().root_token());
  std::unique_ptr<curl::CurlHttpClient> http_ = curl::MakeHttpClient({});
  std::unique_ptr<SecretResolver> secrets_ = files::MakeSecretResolver("/");
  sys::SystemClock clock_;
};

class RealPlaceHarness final : public PlaceHarness {
 public:
  explicit RealPlaceHarness(const std::string& mount) : corner_(mount) {}
  std::unique_ptr<Sink> MakeSink(Drift drift) override {
    return std::make_unique<ConnectedSink>(corner_.Connect(), SinkAt(corner_.path(), kKey, drift));
  }
  std::unique_ptr<Source> MakeSource() override {
    return std::make_unique<ConnectedSource>(corner_.Connect(), SourceAt(corner_.path(), kKey));
  }
  void PutByHand(const std::string& value) override { Edit(kKey, value); }
  void PutOtherKeyByHand(const std::string& value) override { Edit("other", value); }
  std::optional<std::string> Held() override { return ValueOf(kKey); }
  std::optional<std::string> HeldUnderOtherKey() override { return ValueOf("other"); }

 private:
  nlohmann::json Data() {
    const it::Finished got = Server().Vault({"kv", "get", "-format=json", corner_.path()});
    if (got.exit_code != 0) return nlohmann::json::object();
    const nlohmann::json data = nlohmann::json::parse(got.out)["data"];
    return data.contains("data") ? data["data"] : data;
  }
  void Edit(const std::string& key, const std::string& value) {
    nlohmann::json data = Data();
    data[key] = value;
    Server().Must({"kv", "put", corner_.path(), "-"}, data.dump());
  }
  std::optional<std::string> ValueOf(const std::string& key) {
    const nlohmann::json data = Data();
    return data.contains(key) ? std::optional(data[key].get<std::string>()) : std::nullopt;
  }

  Corner corner_;
};

class RealDocumentHarness final : public DocumentStoreHarness {
 public:
  std::unique_ptr<DocumentStore> Open() override {
    return std::make_unique<ConnectedDocuments>(corner_.Connect(), corner_.path());
  }

 private:
  Corner corner_{"secret"};
};

INSTANTIATE_TEST_SUITE_P(VaultVersion2, PlaceContract,
                         testing::Values([]() -> std::unique_ptr<PlaceHarness> {
                           return std::make_unique<RealPlaceHarness>("secret");
                         }));
INSTANTIATE_TEST_SUITE_P(VaultVersion1, PlaceContract,
                         testing::Values([]() -> std::unique_ptr<PlaceHarness> {
                           return std::make_unique<RealPlaceHarness>("kv1");
                         }));
INSTANTIATE_TEST_SUITE_P(Vault, DocumentStoreContract,
                         testing::Values([]() -> std::unique_ptr<DocumentStoreHarness> {
                           return std::make_unique<RealDocumentHarness>();
                         }));

}  // namespace
}  // namespace tokenwarden
