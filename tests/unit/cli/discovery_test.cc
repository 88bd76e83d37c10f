#include "cli/check/discovery.h"

#include <gtest/gtest.h>

#include "cli/check/env_file.h"
#include "cli/commands/config_targets.h"
#include "tests/unit/cli/fake_services.h"

namespace tokenwarden::cli {
namespace {

Result<std::vector<Target>> TargetsOf(const std::string& text, const Identifiers& given = {}) {
  const auto document = files::DotenvDocument::Parse(text, ".env");
  return TargetsOfEnvFile(*document, "", given);
}

struct NameCase {
  const char* key;
  std::string MetaSpec::*field;
};

TEST(Discovery, RecognisesEveryNameThatPeopleUseForTokens) {
  for (const char* key : {"WHATSAPP_ACCESS_TOKEN", "WHATSAPP_API_TOKEN", "WHATSAPP_TOKEN"}) {
    const auto targets = TargetsOf(std::string(key) + "=" + FakeToken() + "\n");
    ASSERT_EQ(targets->size(), 1U) << key;
    EXPECT_EQ(targets->front().spec.name, key);
    EXPECT_EQ(targets->front().use, Use::kGraphToken);
  }
}

TEST(Discovery, PutsEachIdentifierWhereTheIssuerLooksForIt) {
  const NameCase cases[] = {
      {"FACEBOOK_APP_ID", &MetaSpec::app_id},
      {"WHATSAPP_APP_ID", &MetaSpec::app_id},
      {"WHATSAPP_PHONE_NUMBER_ID", &MetaSpec::phone_number_id},
      {"PHONE_NUMBER_ID", &MetaSpec::phone_number_id},
      {"WHATSAPP_BUSINESS_ACCOUNT_ID", &MetaSpec::business_account_id},
  };
  for (const NameCase& name : cases) {
    const auto targets =
        TargetsOf(std::string(name.key) + "=123\nWHATSAPP_TOKEN=" + FakeToken() + "\n");
    EXPECT_EQ(targets->front().spec.meta.*name.field, "123") << name.key;
    EXPECT_TRUE(targets->front().notes.empty());
  }
}

TEST(Discovery, TakesTheAppSecretUnderBothNames) {
  for (const char* key : {"FACEBOOK_APP_SECRET", "WHATSAPP_APP_SECRET"}) {
    const auto targets = TargetsOf(std::string(key) + "=" + FakeAppSecret() +
                                   "\nWHATSAPP_TOKEN=" + FakeToken() + "\n");
    ASSERT_TRUE(targets->front().app_secret) << key;
    EXPECT_EQ(targets->front().app_secret->Reveal(), FakeAppSecret());
  }
}

TEST(Discovery, UsesNoPlaceholderAndSaysWhichNameHeldOne) {
  const auto targets = TargetsOf(
      "FACEBOOK_APP_SECRET=your_app_secret\nFACEBOOK_APP_ID=<id>\n"
      "WHATSAPP_TOKEN=" +
      FakeToken() + "\n");
  const Target& target = targets->front();
  EXPECT_FALSE(target.app_secret);
  EXPECT_EQ(target.spec.meta.app_id, "");
  ASSERT_EQ(target.notes.size(), 2U);
  EXPECT_NE(target.notes[0].find("FACEBOOK_APP_ID"), std::string::npos);
  EXPECT_NE(target.notes[1].find("FACEBOOK_APP_SECRET"), std::string::npos);
}

TEST(Discovery, SaysWhenTwoNamesOfOneThingDiffer) {
  const auto targets =
      TargetsOf("WHATSAPP_APP_ID=2\nFACEBOOK_APP_ID=1\nWHATSAPP_TOKEN=" + FakeToken() + "\n");
  EXPECT_EQ(targets->front().spec.meta.app_id, "1");
  ASSERT_EQ(targets->front().notes.size(), 1U);
  EXPECT_NE(targets->front().notes[0].find("differ"), std::string::npos);
}

TEST(Discovery, LetsAnIdFromAFlagWinOverTheFile) {
  Identifiers given;
  given.app_id = "9";
  const auto targets = TargetsOf("FACEBOOK_APP_ID=1\nWHATSAPP_TOKEN=" + FakeToken() + "\n", given);
  EXPECT_EQ(targets->front().spec.meta.app_id, "9");
}

TEST(Discovery, KeepsTokensInTheOrderOfTheFileAndSharedSecretsAfterThem) {
  const auto targets = TargetsOf("VERIFY_TOKEN=word\nWHATSAPP_TOKEN=" + FakeToken('r') +
                                 "\nWHATSAPP_ACCESS_TOKEN=" + FakeToken() + "\n");
  ASSERT_EQ(targets->size(), 3U);
  EXPECT_EQ((*targets)[0].spec.name, "WHATSAPP_TOKEN");
  EXPECT_EQ((*targets)[1].spec.name, "WHATSAPP_ACCESS_TOKEN");
  EXPECT_EQ((*targets)[2].use, Use::kSharedSecret);
}

TEST(Discovery, ReadsFilesAsPeopleLeaveThem) {
  const std::string token = FakeToken();
  for (const std::string& text :
       {"\xEF\xBB\xBFWHATSAPP_TOKEN=" + token, "export WHATSAPP_TOKEN=\"" + token + "\"\r\n",
        "# c\n\n  WHATSAPP_TOKEN = '" + token + "' # mine\n"}) {
    const auto targets = TargetsOf(text);
    ASSERT_TRUE(targets && targets->size() == 1U) << text.substr(0, 12);
    EXPECT_EQ(targets->front().value.Reveal(), token);
  }
}

TEST(Discovery, IgnoresTroubleOnLinesOfOtherNames) {
  EXPECT_EQ(TargetsOf("A=1\nA=2\nWHATSAPP_TOKEN=x\n")->size(), 1U);
}

TEST(ConfigTargets, StartRelativePathsAtTheConfigurationsDirectory) {
  EXPECT_EQ(DirectoryOf("agent.yaml"), "");
  EXPECT_EQ(DirectoryOf("/agent.yaml"), "/");
  EXPECT_EQ(DirectoryOf("conf/agent.yaml"), "conf");
}

}  // namespace
}  // namespace tokenwarden::cli
