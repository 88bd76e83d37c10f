#include "tests/contract/documents/document_harness.h"
#include "tests/fakes/memory_document_store.h"

namespace tokenwarden {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, StateStoreContract,
                         testing::Values([]() -> std::unique_ptr<StateStoreHarness> {
                           return std::make_unique<DocumentHarness>(
                               std::make_unique<MemoryDocumentStore>(
                                   std::make_shared<MemoryDocumentStore::Server>()));
                         }));

}  // namespace
}  // namespace tokenwarden
