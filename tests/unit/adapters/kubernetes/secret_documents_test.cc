// Beyond the contract that every document store keeps (tests/contract/document_store_contract.h).
#include "agent/adapters/kubernetes/secret_documents.h"

#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

struct SecretDocumentsTest : testing::Test, Bench {
  SecretDocuments store{client, {"default", "state"}};
};

TEST_F(SecretDocumentsTest, TakesOneRequestPerReadAndPerWrite) {
  const std::string first = *store.Write("whatsapp", "one", std::nullopt);
  ASSERT_TRUE(store.Write("facebook", "one", std::nullopt));
  api.ClearSent();
  ASSERT_TRUE(store.Write("whatsapp", "two", first));
  ASSERT_TRUE(store.Write("page", "one", std::nullopt));
  EXPECT_EQ(api.CountSent("PATCH"), 2);
  EXPECT_EQ(api.sent().size(), 2u);
  ASSERT_TRUE(store.Read("whatsapp"));
  EXPECT_EQ(api.sent().size(), 3u);
}

TEST_F(SecretDocumentsTest, RecognisesItsOwnWriteWhoseReplyWasLost) {
  const std::string first = *store.Write("whatsapp", "one", std::nullopt);
  api.LoseReply("PATCH", "/state");
  const Result<std::string> second = store.Write("whatsapp", "two", first);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ((*store.Read("whatsapp"))->version, *second);
  EXPECT_EQ((*store.Read("whatsapp"))->bytes, "two");
}

TEST_F(SecretDocumentsTest, AddsToASecretThatIsThereWithoutItsMembers) {
  api.EditSecret("default/state", "x", "x");
  api.EditObject(SecretPath("state"), [](FakeApiServer::Json& object) { object.erase("data"); });
  ASSERT_TRUE(store.Write("whatsapp", "one", std::nullopt));
  EXPECT_EQ((*store.Read("whatsapp"))->bytes, "one");
}

TEST_F(SecretDocumentsTest, KeepsWhatAppearedWhileTheSecretWasBeingMade) {
  api.Before("PATCH", [&] {
    SecretDocuments other(client, {"default", "state"});
    ASSERT_TRUE(other.Write("facebook", "theirs", std::nullopt));
  });
  ASSERT_TRUE(store.Write("whatsapp", "one", std::nullopt));
  EXPECT_EQ((*store.Read("facebook"))->bytes, "theirs");
}

TEST_F(SecretDocumentsTest, TakesADocumentWithoutAVersionForOneThatAPersonPutThere) {
  api.EditSecret("default/state", "whatsapp", "restored from a backup");
  const Document found = **store.Read("whatsapp");
  EXPECT_EQ(found.version, "");
  EXPECT_EQ(store.Write("whatsapp", "one", std::nullopt).error().reason, "conflict");
  EXPECT_TRUE(store.Write("whatsapp", "one", found.version));
}

TEST_F(SecretDocumentsTest, SaysWhenTheSecretIsFull) {
  const std::string half(600 * 1024, 'x');
  ASSERT_TRUE(store.Write("one", half, std::nullopt));
  const Result<std::string> full = store.Write("two", half, std::nullopt);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kResourceExhausted);
  EXPECT_EQ(full.error().reason, "too_large");
  EXPECT_NE(full.error().message.find("1 MiB"), std::string::npos);
  const Result<std::string> huge = store.Write("three", half + half, std::nullopt);
  EXPECT_EQ(huge.error().reason, "too_large");
  EXPECT_EQ((*store.Read("one"))->bytes.size(), half.size());
}

TEST_F(SecretDocumentsTest, RefusesANameThatNoKeyCanHave) {
  EXPECT_EQ(store.Write("a/b", "x", std::nullopt).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(store.Read("").error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(SecretDocumentsTest, TellsAFailureFromAnAbsence) {
  api.SetReachable(false);
  EXPECT_EQ(store.Read("whatsapp").error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(store.Write("whatsapp", "x", std::nullopt).error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace tokenwarden::kubernetes
