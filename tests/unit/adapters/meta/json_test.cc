#include "agent/adapters/meta/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace tokenwarden::meta {
namespace {

Json Parsed(const std::string& text) { return ParseJson(text).value_or(Json()); }

TEST(Json, IdentifiersAreDigitsAsTextOrNumber) {
  EXPECT_EQ(IdAt(Parsed(R"({"id":"400000000000001"})"), "id"), "400000000000001");
  EXPECT_EQ(IdAt(Parsed(R"({"id":9007199254740993})"), "id"), "9007199254740993");
  EXPECT_EQ(IdAt(Parsed(R"({"id":18446744073709551615})"), "id"), "18446744073709551615");
  for (const char* bad :
       {R"({"id":-1})", R"({"id":1.5})", R"({"id":"a1"})", R"({"id":""})", R"({"id":null})",
        R"({"id":[1]})", R"({"id":99999999999999999999999})", R"({})", R"([])", R"("id")",
        R"({"id":"111111111111111111111111111111111"})"}) {
    EXPECT_EQ(IdAt(Parsed(bad), "id"), "") << bad;
  }
}

TEST(Json, IntegersAreWholeAndFitIntoSixtyFourBits) {
  EXPECT_EQ(IntegerAt(Parsed(R"({"n":99999999999})"), "n"), 99999999999);
  EXPECT_EQ(IntegerAt(Parsed(R"({"n":"-5"})"), "n"), -5);
  EXPECT_EQ(IntegerAt(Parsed(R"({"n":9223372036854775807})"), "n"),
            std::numeric_limits<std::int64_t>::max());
  for (const char* bad :
       {R"({"n":9223372036854775808})", R"({"n":1e30})", R"({"n":3600.9})", R"({"n":"5 "})",
        R"({"n":""})", R"({"n":true})", R"({"n":null})", R"({"n":{}})"}) {
    EXPECT_FALSE(IntegerAt(Parsed(bad), "n")) << bad;
  }
}

TEST(Json, OfDuplicateKeysTheLastWins) {
  EXPECT_EQ(TextAt(Parsed(R"({"a":"1","a":"2"})"), "a"), "2");
}

TEST(Json, ADocumentMustBeWholeAndShallow) {
  EXPECT_TRUE(ParseJson("\xEF\xBB\xBF{}"));
  EXPECT_TRUE(ParseJson(R"({"a":"[[[[[\"{{{{"})"));
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("{} x"), std::string("{}{}"),
        std::string("\xEF\xBB\xBF"), std::string(200000, '['),
        std::string(65, '[') + std::string(65, ']'), std::string("{\"a\":\"\xff\"}")}) {
    EXPECT_FALSE(ParseJson(bad)) << bad.substr(0, 20);
  }
}

TEST(Json, WordsOfTheIssuerAreShortAndPlain) {
  EXPECT_EQ(WordAt(Parsed(R"({"w":"SYSTEM_USER"})"), "w"), "SYSTEM_USER");
  for (const char* bad :
       {R"({"w":"two words"})", R"({"w":""})", R"({"w":5})", R"({"w":"a\u001bb"})"}) {
    EXPECT_EQ(WordAt(Parsed(bad), "w"), "") << bad;
  }
  EXPECT_EQ(SafeWord(Json(std::string(65, 'a'))), "");
}

}  // namespace
}  // namespace tokenwarden::meta
