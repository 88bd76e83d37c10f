// The Vault adapter on a server in memory, with both versions of the key-value engine.
#include "tests/fakes/vault_api/fake_vault.h"

#include "tests/contract/document_store_contract.h"
#include "tests/contract/place_contract.h"
#include "tests/contract/vault/connected.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_places.h"

namespace tokenwarden {
namespace {

constexpr const char* kKey = "access_token";

struct Server {
  std::unique_ptr<vault::Vault> Connect() {
    VaultSpec spec;
    spec.address = "https://vault.test:8200";
    spec.auth.kind = VaultAuthSpec::Kind::kToken;
    spec.auth.token = SecretRef{SecretRef::Kind::kEnv, "ROOT", ""};
    return std::move(vault::Vault::Make(spec, api, clock, secrets, {}).value());
  }
  Server() { secrets.Put("env ROOT", "root"); }

  FakeClock clock{FromUnix(1795168800)};
  FakeVault api{clock};
  FakePlaces secrets;
};

class FakePlaceHarness final : public PlaceHarness {
 public:
  explicit FakePlaceHarness(int version) { server_.api.Mount("secret/", version); }
  std::unique_ptr<Sink> MakeSink(Drift drift) override {
    return std::make_unique<ConnectedSink>(server_.Connect(), SinkAt("secret/bot", kKey, drift));
  }
  std::unique_ptr<Source> MakeSource() override {
    return std::make_unique<ConnectedSource>(server_.Connect(), SourceAt("secret/bot", kKey));
  }
  void PutByHand(const std::string& value) override { server_.api.kv().Put("bot", kKey, value); }
  void PutOtherKeyByHand(const std::string& value) override {
    server_.api.kv().Put("bot", "other", value);
  }
  std::optional<std::string> Held() override { return server_.api.kv().Find("bot", kKey); }
  std::optional<std::string> HeldUnderOtherKey() override {
    return server_.api.kv().Find("bot", "other");
  }

 private:
  Server server_;
};

class FakeDocumentHarness final : public DocumentStoreHarness {
 public:
  std::unique_ptr<DocumentStore> Open() override {
    return std::make_unique<ConnectedDocuments>(server_.Connect(), "secret/state");
  }

 private:
  Server server_;
};

INSTANTIATE_TEST_SUITE_P(FakeVersion2, PlaceContract,
                         testing::Values([]() -> std::unique_ptr<PlaceHarness> {
                           return std::make_unique<FakePlaceHarness>(2);
                         }));
INSTANTIATE_TEST_SUITE_P(FakeVersion1, PlaceContract,
                         testing::Values([]() -> std::unique_ptr<PlaceHarness> {
                           return std::make_unique<FakePlaceHarness>(1);
                         }));
INSTANTIATE_TEST_SUITE_P(FakeVault, DocumentStoreContract,
                         testing::Values([]() -> std::unique_ptr<DocumentStoreHarness> {
                           return std::make_unique<FakeDocumentHarness>();
                         }));

}  // namespace
}  // namespace tokenwarden
