#include "agent/adapters/files/secret_resolver.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string_view>

#include "tests/unit/adapters/files/temp_directory.h"

namespace tokenwarden::files {
namespace {

class SecretResolverTest : public testing::Test {
 protected:
  std::string Resolved(SecretRef::Kind kind, const std::string& locator,
                       const std::string& key = "") {
    auto secret = resolver_->Resolve({kind, locator, key});
    if (secret) return std::string(secret->Reveal());
    EXPECT_FALSE(secret.error().action.empty()) << secret.error().message;
    return "error: " + secret.error().reason;
  }

  TempDirectory directory_;
  std::unique_ptr<SecretResolver> resolver_ =
      MakeSecretResolver(directory_.path(), [](const char* name) -> const char* {
        const std::string_view wanted = name;
        if (wanted == "SET") return "from env";
        return wanted == "EMPTY" ? "" : nullptr;
      });
};

using Kind = SecretRef::Kind;

TEST_F(SecretResolverTest, ReadsTheEnvironment) {
  EXPECT_EQ(Resolved(Kind::kEnv, "SET"), "from env");
  EXPECT_EQ(Resolved(Kind::kEnv, "UNSET"), "error: no_such_variable");
  EXPECT_EQ(Resolved(Kind::kEnv, "EMPTY"), "error: empty_secret");
}

TEST_F(SecretResolverTest, ReadsFilesBesideTheConfigurationWithoutTheirLastNewline) {
  directory_.Write("plain", "value");
  directory_.Write("line", "value\n");
  directory_.Write("windows", "value\r\n");
  directory_.Write("two", "value\n\n");
  directory_.Write("empty", "\n");
  EXPECT_EQ(Resolved(Kind::kFile, "plain"), "value");
  EXPECT_EQ(Resolved(Kind::kFile, "line"), "value");
  EXPECT_EQ(Resolved(Kind::kFile, "windows"), "value");
  EXPECT_EQ(Resolved(Kind::kFile, "two"), "value\n");
  EXPECT_EQ(Resolved(Kind::kFile, "empty"), "error: empty_secret");
  EXPECT_EQ(Resolved(Kind::kFile, directory_ / "line"), "value");
}

TEST_F(SecretResolverTest, LeavesARawKeyAloneThatEndsInTheByteOfANewline) {
  std::string key;
  for (int i = 0; i < 31; ++i) key += static_cast<char>(i * 7);
  key += '\n';
  directory_.Write("key", key);
  EXPECT_EQ(Resolved(Kind::kFile, "key"), key);
}

TEST_F(SecretResolverTest, ReadsAFileAnewEachTime) {
  directory_.Write("key", "one");
  EXPECT_EQ(Resolved(Kind::kFile, "key"), "one");
  directory_.Write("key", "two");
  EXPECT_EQ(Resolved(Kind::kFile, "key"), "two");
}

TEST_F(SecretResolverTest, ReadsOneKeyOfADotenvFile) {
  directory_.Write(".env", "A=1\nSECRET='value' # why\nE=\nA=2\n");
  EXPECT_EQ(Resolved(Kind::kDotenv, ".env", "SECRET"), "value");
  EXPECT_EQ(Resolved(Kind::kDotenv, ".env", "E"), "error: empty_secret");
  EXPECT_EQ(Resolved(Kind::kDotenv, ".env", "A"), "error: duplicate_key");
  EXPECT_EQ(Resolved(Kind::kDotenv, ".env", "B"), "error: no_such_key");
  EXPECT_EQ(Resolved(Kind::kDotenv, "none", "B"), "error: no_such_file");
}

TEST_F(SecretResolverTest, RefusesWhatIsNoSmallFileAtOnce) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  directory_.Write("large", std::string(10 * 1024 * 1024, 'x'));
  directory_.Write("limit", std::string(1024 * 1024, 'x'));
  std::filesystem::create_symlink("loop", directory_ / "loop");
  EXPECT_EQ(Resolved(Kind::kFile, "pipe"), "error: not_a_file");
  EXPECT_EQ(Resolved(Kind::kFile, "."), "error: not_a_file");
  EXPECT_EQ(Resolved(Kind::kFile, "/dev/zero"), "error: not_a_file");
  EXPECT_EQ(Resolved(Kind::kFile, "large"), "error: too_large");
  EXPECT_EQ(Resolved(Kind::kFile, "loop"), "error: link_loop");
  EXPECT_EQ(Resolved(Kind::kFile, "limit/below"), "error: no_such_file");
  EXPECT_EQ(Resolved(Kind::kFile, "limit").size(), 1024u * 1024u);
}

TEST_F(SecretResolverTest, SaysWhichReferencesWorkWhenAServerIsNamed) {
  EXPECT_EQ(Resolved(Kind::kVault, "secret/x", "y"), "error: no_vault_configured");
  EXPECT_EQ(Resolved(Kind::kKubernetes, "default/x", "y"), "error: no_kubernetes_configured");
}

}  // namespace
}  // namespace tokenwarden::files
