// The fake keeps the contract too, so what is proven with it holds for the real stores.
#include "tests/fakes/memory_document_store.h"

#include "tests/contract/document_store_contract.h"

namespace tokenwarden {
namespace {

using Fault = MemoryDocumentStore::Fault;

class MemoryHarness final : public DocumentStoreHarness {
 public:
  std::unique_ptr<DocumentStore> Open() override {
    return std::make_unique<MemoryDocumentStore>(server_);
  }

 private:
  const std::shared_ptr<MemoryDocumentStore::Server> server_ =
      std::make_shared<MemoryDocumentStore::Server>();
};

INSTANTIATE_TEST_SUITE_P(Memory, DocumentStoreContract,
                         testing::Values([]() -> std::unique_ptr<DocumentStoreHarness> {
                           return std::make_unique<MemoryHarness>();
                         }));

TEST(MemoryDocumentStore, FailsAsItIsTold) {
  const auto server = std::make_shared<MemoryDocumentStore::Server>();
  MemoryDocumentStore store(server);
  Fault next = Fault::kOutage;
  server->fault = [&next](const std::string&, bool) { return std::exchange(next, Fault::kNone); };
  EXPECT_EQ(store.Write("a", "one", std::nullopt).error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(server->Contents().empty());
  next = Fault::kLostReply;
  EXPECT_EQ(store.Write("a", "one", std::nullopt).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(server->Contents()["a"], "one");
  next = Fault::kLate;
  EXPECT_EQ(store.Write("b", "two", std::nullopt).error().kind, ErrorKind::kDeadlineExceeded);
  EXPECT_EQ(server->Contents().count("b"), 0u);
  server->DeliverLate();
  EXPECT_EQ(server->Contents()["b"], "two");
  next = Fault::kLostTwice;
  EXPECT_EQ(store.Write("c", "three", std::nullopt).error().reason, "conflict");
  EXPECT_EQ(server->Contents()["c"], "three");
  server->most_bytes = 11;
  EXPECT_EQ(store.Write("d", "x", std::nullopt).error().reason, "too_large");
}

}  // namespace
}  // namespace tokenwarden
