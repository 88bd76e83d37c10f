#include <future>
#include <thread>

#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

class VaultDocuments : public Stage {
 protected:
  VaultDocuments() : vault_(Connect(ByRoot())), store_(vault_->MakeDocumentStore("secret/state")) {}
  std::string MustWrite(const std::string& bytes, const std::optional<std::string>& expected) {
    const Result<std::string> version = store_->Write("bot", bytes, expected);
    EXPECT_TRUE(version) << version.error().message;
    return version.value_or("");
  }

  std::unique_ptr<Vault> vault_;
  std::unique_ptr<DocumentStore> store_;
};

TEST_F(VaultDocuments, CostOneRequestEach) {
  const std::string version = MustWrite("one", std::nullopt);
  api_.ClearSent();
  ASSERT_TRUE(store_->Read("bot"));
  EXPECT_EQ(api_.CountSent(""), 1);
  MustWrite("two", version);
  EXPECT_EQ(api_.CountSent(""), 2);
}

TEST_F(VaultDocuments, KeepTheOneBeforeAndNoMore) {
  std::optional<std::string> version;
  for (int i = 0; i < 6; ++i) version = MustWrite(std::to_string(i), version);
  EXPECT_EQ(api_.kv().ReadableVersions("state/bot"), 2);
  EXPECT_EQ(api_.CountSent("POST", "secret/destroy/state/bot"), 0);
}

TEST_F(VaultDocuments, DestroyWhatAMountKeepsBeyondThat) {
  api_.kv().KeepVersions(20);
  std::optional<std::string> version;
  for (int i = 0; i < 6; ++i) version = MustWrite(std::to_string(i), version);
  EXPECT_EQ(api_.kv().ReadableVersions("state/bot"), 2);
}

TEST_F(VaultDocuments, DestroyWhatAnotherProcessCouldNot) {
  api_.kv().KeepVersions(20);
  std::optional<std::string> version;
  api_.Deny("POST", "secret/destroy/");
  for (int i = 0; i < 6; ++i) version = MustWrite(std::to_string(i), version);
  EXPECT_EQ(api_.kv().ReadableVersions("state/bot"), 6);
  api_.AllowAll();
  const auto next = Connect(ByRoot());
  ASSERT_TRUE(next->MakeDocumentStore("secret/state")->Write("bot", "last", version));
  EXPECT_EQ(api_.kv().ReadableVersions("state/bot"), 2);
}

TEST_F(VaultDocuments, AWriteWhoseReplyWasLostIsFoundByReading) {
  const std::string version = MustWrite("one", std::nullopt);
  api_.LoseReply("POST", "secret/data/state/bot");
  ExpectFails(store_->Write("bot", "two", version), ErrorKind::kUnavailable, "connection_lost");
  const auto read = store_->Read("bot");
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->bytes, "two");
  EXPECT_EQ(MustWrite("two", version), "2");  // repeated, it finds itself
  ExpectFails(store_->Write("bot", "other", version), ErrorKind::kAborted, "conflict");
}

TEST_F(VaultDocuments, AWriteThatWentOutTwiceIsNoConflict) {
  const std::string version = MustWrite("one", std::nullopt);
  api_.CarryOutTwice("POST", "secret/data/state/bot");
  EXPECT_EQ(MustWrite("two", version), "2");
  EXPECT_EQ(api_.kv().VersionOf("state/bot"), 2);
}

TEST_F(VaultDocuments, AConflictThatMayBeWithOurselvesIsNoneUntilItIsRead) {
  const std::string version = MustWrite("one", std::nullopt);
  api_.CarryOutTwice("POST", "secret/data/state/bot");
  api_.LoseRequest("GET", "secret/data/state/bot");
  ExpectFails(store_->Write("bot", "two", version), ErrorKind::kUnavailable, "connection_lost");
  EXPECT_EQ((*store_->Read("bot"))->bytes, "two");
}

TEST_F(VaultDocuments, ADeletedOneIsDamagedAndNotMissing) {
  MustWrite("one", std::nullopt);
  api_.kv().Delete("state/bot");
  ExpectFails(store_->Read("bot"), ErrorKind::kDataLoss, "damaged");
}

TEST_F(VaultDocuments, OneThatAPersonChangedIsDamaged) {
  MustWrite("one", std::nullopt);
  api_.kv().Put("state/bot", "document", "no base64!");
  ExpectFails(store_->Read("bot"), ErrorKind::kDataLoss, "damaged");
  api_.kv().Put("state/bot", "document", 7);
  ExpectFails(store_->Read("bot"), ErrorKind::kDataLoss, "damaged");
}

// An empty state would make the agent forget what it holds.
TEST_F(VaultDocuments, NothingButAnEmptyAnswerMeansThatThereIsNone) {
  ASSERT_TRUE(store_->Read("bot"));
  api_.Refuse("GET", "bot", FakeVault::Reply(404, "no handler for route"), 2);
  EXPECT_FALSE(store_->Read("bot"));
  api_.Refuse("GET", "bot", FakeVault::Reply(403, "permission denied"));
  EXPECT_FALSE(store_->Read("bot"));
  api_.Unmount("secret/");
  EXPECT_FALSE(store_->Read("bot"));
}

TEST_F(VaultDocuments, AreNeverOlderThanWhatWasWritten) {
  std::string version = MustWrite("one", std::nullopt);
  version = MustWrite("two", version);
  api_.kv().LagReads(1);
  auto reading = std::async(std::launch::async, [&] { return store_->Read("bot"); });
  while (clock_.waits() == 0) std::this_thread::yield();
  api_.kv().LagReads(0);
  clock_.Advance(Seconds(1));
  EXPECT_EQ((*reading.get())->bytes, "two");
}

TEST_F(VaultDocuments, NeedVersion2) {
  api_.Mount("secret/", 1);
  ExpectFails(store_->Read("bot"), ErrorKind::kFailedPrecondition, "kv_version_1");
  ExpectFails(store_->Write("bot", "one", std::nullopt), ErrorKind::kFailedPrecondition,
              "kv_version_1");
}

TEST_F(VaultDocuments, TakeNoVersionThatIsNotTheirs) {
  MustWrite("one", std::nullopt);
  ExpectFails(store_->Write("bot", "two", "not-a-number"), ErrorKind::kAborted, "conflict");
}

}  // namespace
}  // namespace tokenwarden::vault
