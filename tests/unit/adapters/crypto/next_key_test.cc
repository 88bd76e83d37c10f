// The key file while another key takes its place: it is there at every moment.
#include "agent/adapters/crypto/next_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/adapters/crypto/mac.h"

namespace tokenwarden::crypto {
namespace {

constexpr Instant kNow{Seconds{1'795'168'800}};  // 2026-11-20T10:00:00Z

class NextKey : public testing::Test {
 protected:
  NextKey() {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    EXPECT_TRUE(WriteNewKey(path()));
  }
  ~NextKey() override { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/key"; }
  static std::string Bytes(const Result<StateKey>& key) {
    EXPECT_TRUE(key) << key.error().message;
    return key ? std::string(key->bytes().Reveal()) : "";
  }
  std::string directory_ = testing::TempDir() + "keys.XXXXXX";
};

TEST_F(NextKey, IsMadeBesideTheKeyForTheOwnerAlone) {
  const std::string before = Bytes(LoadKeyFile(path()));
  const std::string next = Bytes(MakeNextKey(path()));
  EXPECT_NE(next, before);
  EXPECT_EQ(Bytes(LoadKeyFile(path())), before) << "nothing changes yet";
  struct stat about {};
  ASSERT_EQ(stat(NextKeyPath(path()).c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(NextKey, IsTheSameOneWhenAChangeWasInterrupted) {
  const std::string next = Bytes(MakeNextKey(path()));
  EXPECT_EQ(Bytes(MakeNextKey(path())), next);
  EXPECT_EQ(Bytes(LoadNextKey(path())), next);
}

TEST_F(NextKey, IsMadeAnewWhenItWasOnlyHalfWritten) {
  std::ofstream(NextKeyPath(path())) << "0123456789abcdef";
  chmod(NextKeyPath(path()).c_str(), 0600);
  EXPECT_FALSE(Bytes(MakeNextKey(path())).empty());
}

TEST_F(NextKey, IsNotTakenFromAFileThatOthersCanRead) {
  MakeNextKey(path());
  chmod(NextKeyPath(path()).c_str(), 0644);
  const Result<StateKey> next = MakeNextKey(path());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().reason, "key_file_readable");
}

TEST_F(NextKey, CanBeReadByWhoeverCanReadTheKey) {
  chmod(path().c_str(), 0640);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path().c_str(), 1, 2), 0);
  }
  const std::string next = Bytes(MakeNextKey(path()));
  EXPECT_EQ(Bytes(LoadNextKey(path())), next);
  ASSERT_TRUE(TakeNextKey(path(), kNow));
  struct stat about {};
  ASSERT_EQ(stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640u);
  if (geteuid() == 0) {
    EXPECT_EQ(about.st_uid, 1u);
    EXPECT_EQ(about.st_gid, 2u);
  }
}

TEST_F(NextKey, TakesThePlaceOfTheKeyAndLeavesTheOldOneBesideIt) {
  const std::string before = Bytes(LoadKeyFile(path()));
  const std::string next = Bytes(MakeNextKey(path()));
  const Result<std::string> kept = TakeNextKey(path(), kNow);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept, path() + ".until-2026-11-20T100000Z");
  EXPECT_EQ(Bytes(LoadKeyFile(path())), next);
  EXPECT_EQ(Bytes(LoadKeyFile(*kept)), before);
  EXPECT_EQ(LoadNextKey(path()).error().reason, "no_key_file");
}

TEST_F(NextKey, CanBeTakenAgainAfterAnInterruptionInBetween) {
  const std::string next = Bytes(MakeNextKey(path()));
  // As after a crash between keeping the old one and renaming the new one.
  ASSERT_EQ(link(path().c_str(), (path() + ".until-2026-11-20T100000Z").c_str()), 0);
  ASSERT_TRUE(TakeNextKey(path(), kNow));
  EXPECT_EQ(Bytes(LoadKeyFile(path())), next);
}

TEST_F(NextKey, SaysThatADirectoryCannotBeWritten) {
  if (geteuid() == 0) {
    // Root may write anywhere: a missing directory stands for it.
    const Result<StateKey> next = MakeNextKey(directory_ + "/none/key");
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().reason, "key_not_written");
    return;
  }
  chmod(directory_.c_str(), 0500);
  const Result<StateKey> next = MakeNextKey(path());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::kPermissionDenied);
  chmod(directory_.c_str(), 0700);
}

TEST(FingerprintKey, MakesTheFingerprintsThatItsStateKeyMade) {
  const StateKey key = RandomKey();
  const Secret value("a value");
  EXPECT_EQ(MakeFingerprinter(FingerprintKeyOf(key))->Of(value), MakeFingerprinter(key)->Of(value));
  EXPECT_FALSE(FingerprintKeyOf(key).EqualsInConstantTime(key.bytes()));
}

}  // namespace
}  // namespace tokenwarden::crypto
