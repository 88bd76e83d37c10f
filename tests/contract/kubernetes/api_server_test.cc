// The Kubernetes adapter on a real API server; kubectl is what others do and see.
#include "tests/contract/document_store_contract.h"
#include "tests/contract/kubernetes/cluster.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/contract/place_contract.h"

namespace tokenwarden {
namespace {

constexpr const char* kName = "bot";
constexpr const char* kKey = "access_token";

class RealPlaceHarness final : public PlaceHarness {
 public:
  std::unique_ptr<Sink> MakeSink(Drift drift) override {
    return std::make_unique<ConnectedSink>(corner_.Connect(), SinkAt(kName, kKey, drift));
  }
  std::unique_ptr<Source> MakeSource() override {
    return std::make_unique<ConnectedSource>(corner_.Connect(), SourceAt(kName, kKey));
  }
  void PutByHand(const std::string& value) override { corner_.Edit(kName, kKey, value); }
  void PutOtherKeyByHand(const std::string& value) override { corner_.Edit(kName, "other", value); }
  std::optional<std::string> Held() override { return corner_.ValueOf(kName, kKey); }
  std::optional<std::string> HeldUnderOtherKey() override {
    return corner_.ValueOf(kName, "other");
  }

 private:
  Corner corner_;
};

class RealDocumentHarness final : public DocumentStoreHarness {
 public:
  std::unique_ptr<DocumentStore> Open() override {
    return std::make_unique<ConnectedDocuments>(corner_.Connect(), "state");
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
