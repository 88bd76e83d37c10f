#include "agent/core/select.h"

#include <gtest/gtest.h>

namespace tokenwarden {
namespace {

CredentialSpec Bot() {
  CredentialSpec spec;
  spec.name = "whatsapp-main";
  spec.tenant = "acme";
  spec.labels = {{"team", "bots"}, {"env", "prod"}};
  return spec;
}

bool Selects(std::string_view text) {
  const Result<TokenSelector> selector = ParseSelector(text);
  EXPECT_TRUE(selector.has_value()) << text;
  return selector && selector->Matches(Bot());
}

TEST(Selector, MatchesEverythingWhenEmpty) {
  EXPECT_TRUE(Selects(""));
  EXPECT_TRUE(Selects("  "));
  EXPECT_TRUE(TokenSelector{}.Matches(Bot()));
}

TEST(Selector, MatchesByNameTenantAndLabelAndAllMustMatch) {
  for (const char* text :
       {"whatsapp-main", "name=whatsapp-main", "tenant=acme", "label.team=bots",
        "tenant=acme,label.team=bots,label.env=prod", "whatsapp-main, tenant=acme", "whatsapp*",
        "*", "*main", "tenant=a*e", "label.team=b*t*", "w*-*n"}) {
    EXPECT_TRUE(Selects(text)) << text;
  }
  for (const char* text : {"whatsapp", "tenant=other", "label.team=web", "label.none=x",
                           "tenant=acme,label.team=web", "Whatsapp-main", "*x", "tenant=acm?"}) {
    EXPECT_FALSE(Selects(text)) << text;
  }
}

TEST(Selector, RefusesWhatItCannotUnderstandAndSaysHowToWriteIt) {
  for (const char* text : {",", "a,", ",a", "a,,b", "tenant=", "color=blue", "label.=x", "=x",
                           "a,b", "tenant=a,tenant=b", "label.a=1,label.a=2"}) {
    const Result<TokenSelector> selector = ParseSelector(text);
    ASSERT_FALSE(selector.has_value()) << text;
    EXPECT_EQ(selector.error().reason, "bad_selector");
    EXPECT_NE(selector.error().action.find("label.KEY=VALUE"), std::string::npos);
  }
}

TEST(Glob, MatchesRunsOfCharactersAndEndsInReasonableTime) {
  EXPECT_TRUE(MatchesGlob("", ""));
  EXPECT_FALSE(MatchesGlob("", "a"));
  EXPECT_TRUE(MatchesGlob("**", ""));
  EXPECT_TRUE(MatchesGlob("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(MatchesGlob("a*b*c", "a-b-b-c-d"));
  const std::string text(20000, 'a');
  EXPECT_FALSE(MatchesGlob("*a*a*a*a*a*a*a*a*a*b", text));
}

}  // namespace
}  // namespace tokenwarden
