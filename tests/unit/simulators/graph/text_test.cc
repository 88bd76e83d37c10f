#include "tests/simulators/graph/text.h"

#include <gtest/gtest.h>

#include "tests/simulators/graph/versions.h"

namespace tokenwarden::graph_simulator {
namespace {

TEST(GraphText, WritesDatesLikeTheServiceInWinterAndSummer) {
  EXPECT_EQ(PacificTime(1668613551), "Wednesday, 16-Nov-22 07:45:51 PST");
  EXPECT_EQ(PacificTime(1758531600), "Monday, 22-Sep-25 02:00:00 PDT");
  EXPECT_EQ(PacificTime(1741514399), "Sunday, 09-Mar-25 01:59:59 PST");
  EXPECT_EQ(PacificTime(1741514400), "Sunday, 09-Mar-25 03:00:00 PDT");
  EXPECT_EQ(PacificTime(1762073999), "Sunday, 02-Nov-25 01:59:59 PDT");
  EXPECT_EQ(PacificTime(1762074000), "Sunday, 02-Nov-25 01:00:00 PST");
}

TEST(GraphText, ComputesTheProofsOfTheTestVectors) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const std::string token = std::string("EAA") + "TESTTOKEN" + "aaaabbbbccccdddd0001" + "ZDZD";
  EXPECT_EQ(Hex(HmacSha256(secret, token)),
            "f5b2e7d40d96bb95b586243fafe31a3bf346382149f4547f64fb80a10e2d3684");
  EXPECT_EQ(Hex(HmacSha256(secret, token + "|1735689600")),
            "451ce7cd44abaff896974dd89c72dd642f67209dc61f8b77e30921c946c10f02");
}

TEST(GraphText, DecodesFormsAndKeepsStrayPercentSigns) {
  EXPECT_EQ(ParseForm("a=1%7C2&b=x+y&c&d=100%&=e"),
            (Params{{"a", "1|2"}, {"b", "x y"}, {"c", ""}, {"d", "100%"}, {"", "e"}}));
}

TEST(GraphText, MatchesPatternsAcrossSlashes) {
  EXPECT_TRUE(GlobMatches("*", "/me"));
  EXPECT_TRUE(GlobMatches("/oauth/*", "/oauth/access_token"));
  EXPECT_TRUE(GlobMatches("*/messages", "/v25.0/1/messages"));
  EXPECT_FALSE(GlobMatches("/me", "/me/accounts"));
  EXPECT_TRUE(GlobMatches("/m?", "/me"));
}

TEST(GraphText, Base64GoesThereAndBack) {
  for (const char* text : {"", "a", "ab", "abc", "cursor:25"})
    EXPECT_EQ(FromBase64(Base64(text)), text);
  EXPECT_EQ(FromBase64("not base64!"), "");
}

TEST(GraphVersions, ADeadVersionIsServedByTheOldestThatLives) {
  constexpr std::int64_t kNovember2026 = 1795000000;
  EXPECT_EQ(EffectiveVersion("v19.0", kNovember2026), "v21.0");
  EXPECT_EQ(EffectiveVersion("v25.0", kNovember2026), "v25.0");
  EXPECT_EQ(EffectiveVersion("v26.0", kNovember2026), "v26.0");
  EXPECT_EQ(EffectiveVersion("v99.0", kNovember2026), std::nullopt);
  EXPECT_EQ(EffectiveVersion("v99999999999.0", kNovember2026), std::nullopt);
}

}  // namespace
}  // namespace tokenwarden::graph_simulator
