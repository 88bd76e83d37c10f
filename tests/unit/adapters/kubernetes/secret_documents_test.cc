// Beyond the contract that every document store keeps (tests/contract/document_store_contract.h).
#include "agent/adapters/kubernetes/secret_documents.h"

#include <atomic>
#include <optional>
#include <vector>

#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

// Counts the patches that are under way at once.
class Meter : public HttpClient {
 public:
  explicit Meter(HttpClient& inner) : inner_(inner) {}
  Result<HttpReply> Send(const HttpRequest& request) override {
    if (request.method != HttpRequest::Method::kPatch) return inner_.Send(request);
    const int now = ++under_way_;
    for (int most = most_; now > most && !most_.compare_exchange_weak(most, now);) continue;
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    Result<HttpReply> reply = inner_.Send(request);
    --under_way_;
    return reply;
  }
  int most() const { return most_; }

 private:
  HttpClient& inner_;
  std::atomic<int> under_way_{0};
  std::atomic<int> most_{0};
};

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

// The server would let them collide, and each collision costs it the whole Secret once more.
TEST_F(SecretDocumentsTest, WritesOneDocumentAfterTheOther) {
  Meter meter(api);
  Client metered{ConnectionAs(MakeTokenIdentity(Secret(FakeBearer()))), meter, clock};
  SecretDocuments documents{metered, {"default", "state"}};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&, name = "document-" + std::to_string(writer)] {
      std::optional<std::string> version;
      for (int i = 0; i < 20; ++i) version = documents.Write(name, "value", version).value();
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(meter.most(), 1);
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
