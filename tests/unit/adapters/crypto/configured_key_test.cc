#include "agent/adapters/crypto/configured_key.h"

#include <gtest/gtest.h>

#include <map>

#include "agent/adapters/crypto/text_codec.h"

namespace tokenwarden::crypto {
namespace {

const char kRaw[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

struct References : SecretResolver {
  std::map<std::string, std::string> held;
  Result<Secret> Resolve(const SecretRef& ref) override {
    const auto found = held.find(ref.locator);
    if (found != held.end()) return Secret(found->second);
    return MakeError(ErrorKind::kNotFound, "no_such_variable", "no variable " + ref.locator);
  }
};

Result<Secret> NeverRun(const std::vector<std::string>&) {
  ADD_FAILURE() << "no program was configured";
  return Secret();
}

TEST(ConfiguredKey, ComesFromItsReference) {
  Config config;
  config.state_key = SecretRef{SecretRef::Kind::kEnv, "KEY", ""};
  References secrets;
  secrets.held["KEY"] = ToHex(kRaw);
  const Result<StateKey> key = LoadConfiguredKey(config, secrets, NeverRun);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->bytes().Reveal(), kRaw);
}

TEST(ConfiguredKey, ComesFromAProgramBeforeAnythingElse) {
  Config config;
  config.state_key = SecretRef{SecretRef::Kind::kEnv, "KEY", ""};
  config.state_key_command = {"get-key", "--name", "tokenwarden"};
  References secrets;
  std::vector<std::string> ran;
  const Result<StateKey> key =
      LoadConfiguredKey(config, secrets, [&](const std::vector<std::string>& command) {
        ran = command;
        return Result<Secret>(Secret(ToHex(kRaw) + "\n"));
      });
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(ran, config.state_key_command);
}

TEST(ConfiguredKey, SaysWhatIsMissing) {
  References secrets;
  EXPECT_EQ(LoadConfiguredKey(Config{}, secrets, NeverRun).error().reason, "no_state_key");
  Config config;
  config.state_key = SecretRef{SecretRef::Kind::kEnv, "KEY", ""};
  const Error missing = LoadConfiguredKey(config, secrets, NeverRun).error();
  EXPECT_EQ(missing.reason, "no_such_variable");
  EXPECT_NE(missing.message.find("state key"), std::string::npos);
}

TEST(ConfiguredKey, NamesTheProgramAndNothingOfWhatItPrinted) {
  Config config;
  config.state_key_command = {"get-key"};
  References secrets;
  const Error bad = LoadConfiguredKey(config, secrets, [](const auto&) {
                      return Result<Secret>(Secret("not a key but secret all the same"));
                    }).error();
  EXPECT_EQ(bad.reason, "bad_state_key");
  EXPECT_NE(bad.message.find("get-key"), std::string::npos);
  EXPECT_EQ((bad.message + bad.action).find("all the same"), std::string::npos);
  const Error empty = LoadConfiguredKey(config, secrets, [](const auto&) {
                        return Result<Secret>(Secret(""));
                      }).error();
  EXPECT_NE(empty.message.find("empty"), std::string::npos);
}

}  // namespace
}  // namespace tokenwarden::crypto
