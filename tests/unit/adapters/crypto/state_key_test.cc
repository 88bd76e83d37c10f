#include "agent/adapters/crypto/state_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "agent/adapters/crypto/text_codec.h"

namespace tokenwarden::crypto {
namespace {

const char kRaw[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";  // 32 bytes, not all of them hex digits
const char kBase64[] = "MDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVVY=";

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "key.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    unlink(path().c_str());
    rmdir(directory_.c_str());
  }
  std::string path() const { return directory_ + "/key"; }
  void Write(const std::string& content, mode_t mode) const {
    std::ofstream(path()) << content;
    chmod(path().c_str(), mode);
  }
  std::string directory_;
};

TEST(ParseStateKey, AcceptsEveryDocumentedForm) {
  const std::string hex = ToHex(kRaw);
  const std::string base64 = kBase64;
  for (const std::string& text : {std::string(kRaw), hex, hex + "\n", hex + "\r\n", base64,
                                  base64 + "\n", base64.substr(0, base64.size() - 1)}) {
    Result<StateKey> key = ParseStateKey(Secret(text));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->bytes().Reveal(), kRaw);
  }
}

TEST(ParseStateKey, RefusesEverythingElseAndNamesTheForms) {
  const std::string hex = ToHex(kRaw);
  for (const std::string& text :
       {std::string(), std::string("\n"), hex + "\n\n", hex.substr(1), hex + "0", " " + hex,
        std::string(kRaw) + "\n", hex.substr(0, 32), std::string(32, '\0'), std::string(32, 'z'),
        std::string(64, 'g'), std::string(31, 'z'), std::string(1000, 'z')}) {
    Result<StateKey> key = ParseStateKey(Secret(text));
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().reason, "bad_state_key");
    EXPECT_NE(key.error().action.find("64 hex digits"), std::string::npos);
    const bool echoed = text.size() > 8 && key.error().message.find(text) != std::string::npos;
    EXPECT_FALSE(echoed);
  }
}

TEST(RandomKey, IsNeverTheSameTwice) {
  EXPECT_FALSE(RandomKey().bytes().EqualsInConstantTime(RandomKey().bytes()));
}

TEST_F(KeyFile, IsMadeForTheOwnerAloneAndLoadsAgain) {
  ASSERT_TRUE(WriteNewKey(path()));
  struct stat about {};
  ASSERT_EQ(stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  Result<StateKey> key = LoadKeyFile(path());
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->bytes().size(), kStateKeyBytes);
}

TEST_F(KeyFile, IsNeverReplaced) {
  Write("precious", 0600);
  Status written = WriteNewKey(path());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().reason, "key_exists");
  std::string content;
  std::ifstream(path()) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(KeyFile, IsNotMadeInAMissingDirectoryAndTheErrorSaysHowToMakeOne) {
  Status written = WriteNewKey(directory_ + "/none/key");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(written.error().action.find("mkdir -p"), std::string::npos);
}

TEST_F(KeyFile, IsRefusedWhenOthersCanReachIt) {
  for (mode_t mode : {0640, 0604, 0620, 0602, 0610}) {
    Write(ToHex(kRaw), mode);
    Result<StateKey> key = LoadKeyFile(path());
    ASSERT_FALSE(key) << mode;
    EXPECT_EQ(key.error().reason, "key_file_readable");
    EXPECT_EQ(key.error().action, "run: chmod 0600 " + path());
  }
}

TEST_F(KeyFile, IsAnErrorWhenMissingADirectoryOrNotAKey) {
  EXPECT_EQ(LoadKeyFile(path()).error().reason, "no_key_file");
  EXPECT_EQ(LoadKeyFile(directory_).error().reason, "key_file_unreadable");
  Write("short", 0600);
  Result<StateKey> key = LoadKeyFile(path());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().reason, "bad_state_key");
  EXPECT_NE(key.error().message.find(path()), std::string::npos);
  Write(std::string(100000, 'x'), 0600);
  EXPECT_EQ(LoadKeyFile(path()).error().reason, "bad_state_key");
}

TEST_F(KeyFile, ThatIsAPipeDoesNotHangTheStart) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(LoadKeyFile(path()).error().reason, "key_file_unreadable");
}

}  // namespace
}  // namespace tokenwarden::crypto
