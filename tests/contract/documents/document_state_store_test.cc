#include "agent/adapters/documents/document_state_store.h"

#include <cstdlib>

#include "agent/adapters/crypto/sealer.h"
#include "tests/contract/state_store_contract.h"
#include "tests/fakes/memory_document_store.h"

namespace tokenwarden {
namespace {

class DocumentHarness final : public StateStoreHarness {
 public:
  DocumentHarness() { Reopen(); }
  StateStore& store() override { return *store_; }
  void Reopen() override {
    Result<std::unique_ptr<StateStore>> opened =
        documents::OpenStateStore(documents_, *sealer_, {});
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      std::abort();
    }
    store_ = std::move(*opened);
  }

 private:
  MemoryDocumentStore documents_{std::make_shared<MemoryDocumentStore::Server>()};
  std::unique_ptr<Sealer> sealer_ = crypto::MakeSealer(crypto::RandomKey());
  std::unique_ptr<StateStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Documents, StateStoreContract,
                         testing::Values([]() -> std::unique_ptr<StateStoreHarness> {
                           return std::make_unique<DocumentHarness>();
                         }));

}  // namespace
}  // namespace tokenwarden
