// What every DocumentStore promises. A test program includes this once per store and instantiates
// DocumentStoreContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, DocumentStoreContract, testing::Values(MakeFakeHarness));
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/ports/document_store.h"

namespace tokenwarden {

// An empty place of its own, and as many stores on it as there are processes.
class DocumentStoreHarness {
 public:
  virtual ~DocumentStoreHarness() = default;
  virtual std::unique_ptr<DocumentStore> Open() = 0;
};
using MakeDocumentStoreHarness = std::function<std::unique_ptr<DocumentStoreHarness>()>;

class DocumentStoreContract : public testing::TestWithParam<MakeDocumentStoreHarness> {
 protected:
  DocumentStoreContract() : harness_(GetParam()()), store_(harness_->Open()) {}
  DocumentStore& store() { return *store_; }
  std::unique_ptr<DocumentStore> OpenAnother() { return harness_->Open(); }

  std::string MustWrite(const std::string& name, const std::string& bytes,
                        const std::optional<std::string>& expected = std::nullopt) {
    const Result<std::string> version = store().Write(name, bytes, expected);
    EXPECT_TRUE(version) << version.error().message;
    return version.value_or("");
  }
  Document MustRead(const std::string& name) {
    const Result<std::optional<Document>> document = store().Read(name);
    EXPECT_TRUE(document) << document.error().message;
    EXPECT_TRUE(document && *document) << name << " is not there";
    return document && *document ? **document : Document{};
  }
  static void ExpectConflict(const Result<std::string>& version) {
    ASSERT_FALSE(version);
    EXPECT_EQ(version.error().kind, ErrorKind::kAborted) << version.error().message;
    EXPECT_EQ(version.error().reason, "conflict") << version.error().message;
  }

 private:
  std::unique_ptr<DocumentStoreHarness> harness_;
  std::unique_ptr<DocumentStore> store_;
};

TEST_P(DocumentStoreContract, HoldsNothingAtFirst) {
  const Result<std::optional<Document>> document = store().Read("whatsapp");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_FALSE(*document);
}

TEST_P(DocumentStoreContract, ReadsWhatWasWrittenAtItsVersion) {
  const std::string version = MustWrite("whatsapp", "one");
  EXPECT_EQ(MustRead("whatsapp").bytes, "one");
  EXPECT_EQ(MustRead("whatsapp").version, version);
  const std::string next = MustWrite("whatsapp", "two", version);
  EXPECT_NE(next, version);
  EXPECT_EQ(MustRead("whatsapp").bytes, "two");
  EXPECT_EQ(MustRead("whatsapp").version, next);
}

TEST_P(DocumentStoreContract, ReadsSeveralInTheOrderOfTheirNames) {
  EXPECT_TRUE(store().ReadMany({})->empty());
  EXPECT_FALSE(store().ReadMany({"whatsapp"})->front());
  MustWrite("whatsapp", "one");
  const std::string version = MustWrite("facebook", "two");
  const auto documents = store().ReadMany({"facebook", "nobody", "whatsapp"});
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0]->bytes, "two");
  EXPECT_EQ((*documents)[0]->version, version);
  EXPECT_FALSE((*documents)[1]);
  EXPECT_EQ((*documents)[2]->bytes, "one");
}

TEST_P(DocumentStoreContract, KeepsEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  MustWrite("binary", bytes);
  EXPECT_EQ(MustRead("binary").bytes, bytes);
}

TEST_P(DocumentStoreContract, CreatesADocumentOnce) {
  MustWrite("whatsapp", "one");
  ExpectConflict(store().Write("whatsapp", "two", std::nullopt));
  EXPECT_EQ(MustRead("whatsapp").bytes, "one");
}

TEST_P(DocumentStoreContract, RefusesAnOldVersion) {
  const std::string old = MustWrite("whatsapp", "one");
  MustWrite("whatsapp", "two", old);
  ExpectConflict(store().Write("whatsapp", "three", old));
  EXPECT_EQ(MustRead("whatsapp").bytes, "two");
}

TEST_P(DocumentStoreContract, RefusesAVersionOfADocumentThatIsNotThere) {
  const std::string version = MustWrite("whatsapp", "one");
  ExpectConflict(store().Write("facebook", "one", version));
  EXPECT_FALSE(*store().Read("facebook"));
}

TEST_P(DocumentStoreContract, KeepsTheVersionWhenAnotherDocumentChanges) {
  const std::string version = MustWrite("whatsapp", "one");
  const std::string other = MustWrite("facebook", "a");
  MustWrite("facebook", "b", other);
  EXPECT_EQ(MustRead("whatsapp").version, version);
  MustWrite("whatsapp", "two", version);
  EXPECT_EQ(MustRead("facebook").bytes, "b");
}

TEST_P(DocumentStoreContract, TakesNamesOfEveryAllowedLetter) {
  const std::string name = "Shop_1.eu-west.whatsapp-token_";
  const std::string version = MustWrite(name, "one");
  EXPECT_EQ(MustRead(name).version, version);
  const std::string long_name(120, 'n');
  MustWrite(long_name, "long");
  EXPECT_EQ(MustRead(long_name).bytes, "long");
}

TEST_P(DocumentStoreContract, ShowsEveryProcessTheSame) {
  const auto other = OpenAnother();
  const std::string version = MustWrite("whatsapp", "one");
  EXPECT_EQ((*other->Read("whatsapp"))->version, version);
  ASSERT_TRUE(other->Write("whatsapp", "two", version));
  ExpectConflict(store().Write("whatsapp", "three", version));
  EXPECT_EQ(MustRead("whatsapp").bytes, "two");
}

TEST_P(DocumentStoreContract, LetsWritersOfDifferentDocumentsPassEachOther) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 8;
  std::vector<std::thread> writers;
  std::atomic<int> failures{0};
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const auto own = OpenAnother();
      std::optional<std::string> version;
      for (int i = 0; i < kWrites; ++i) {
        const Result<std::string> written =
            own->Write("document-" + std::to_string(writer), std::to_string(i), version);
        if (!written) ADD_FAILURE() << written.error().message;
        if (!written) ++failures;
        if (written) version = *written;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  for (int writer = 0; writer < kWriters; ++writer) {
    EXPECT_EQ(MustRead("document-" + std::to_string(writer)).bytes, std::to_string(kWrites - 1));
  }
}

TEST_P(DocumentStoreContract, LetsOneOfManyWritersOfAVersionWin) {
  constexpr int kWriters = 4;
  const std::string version = MustWrite("whatsapp", "one");
  std::vector<std::thread> writers;
  std::atomic<int> won{0};
  std::atomic<int> refused{0};
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const Result<std::string> written =
          OpenAnother()->Write("whatsapp", "by-" + std::to_string(writer), version);
      if (written) ++won;
      if (!written && written.error().reason == "conflict") ++refused;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, kWriters - 1);
}

}  // namespace tokenwarden
