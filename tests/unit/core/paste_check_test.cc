#include "agent/core/paste_check.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tokenwarden {
namespace {

// Made at run time: no token-like text stands in the source.
std::string FakeToken() {
  std::string token = "EAA";
  for (int i = 0; i < 60; ++i) token += static_cast<char>('a' + i * 7 % 20);
  return token + "ZDZD";
}

std::string ReasonFor(const std::string& value) {
  const auto problem = CheckPaste(Secret(value));
  return problem ? std::string(ToString(problem->reason)) : "fine";
}

TEST(Paste, LetsRealLookingValuesThrough) {
  EXPECT_EQ(ReasonFor(FakeToken()), "fine");
  EXPECT_EQ(ReasonFor("100000000000001|abcdefghijklmnopqrst_uvw-yz"), "fine");
  EXPECT_EQ(ReasonFor(std::string(512, 'k') + "A1"), "fine");
  EXPECT_EQ(ReasonFor("0123456789abcdef0123456789abcdef"), "fine");
  EXPECT_EQ(ReasonFor("c29tZS1iYXNlNjQtdGV4dA=="), "fine");
  EXPECT_EQ(ReasonFor(std::string(4096, 'k')), "fine");
}

TEST(Paste, NamesEachHazard) {
  const std::string token = FakeToken();
  struct Row {
    std::string value;
    const char* reason;
  };
  const Row rows[] = {
      {"", "empty_value"},
      {"   ", "empty_value"},
      {"\n", "empty_value"},
      {std::string(4097, 'k'), "too_long"},
      {std::string("abc\0def", 7), "wrong_alphabet"},
      {"\xEF\xBB\xBF" + token, "wrong_alphabet"},
      {" " + token, "surrounding_space"},
      {token + "\n", "surrounding_space"},
      {token + "\r\n", "surrounding_space"},
      {"\"" + token + "\"", "quoted"},
      {"'" + token + "'", "quoted"},
      {"\"" + token, "quoted"},
      {token + "'", "quoted"},
      {"\u201c" + token + "\u201d", "quoted"},
      {"\"Bearer " + token + "\"", "quoted"},
      {"Bearer " + token, "bearer_prefix"},
      {"bearer " + token, "bearer_prefix"},
      {"Authorization: Bearer " + token, "bearer_prefix"},
      {"OAuth " + token, "bearer_prefix"},
      {"WHATSAPP_TOKEN=" + token, "wrong_alphabet"},
      {"export WHATSAPP_TOKEN=" + token, "wrong_alphabet"},
      {"undefined", "placeholder"},
      {"Null", "placeholder"},
      {"None", "placeholder"},
      {"[object Object]", "placeholder"},
      {"changeme", "placeholder"},
      {"CHANGE_ME", "placeholder"},
      {"<your-token>", "placeholder"},
      {"<paste the token here>", "placeholder"},
      {"${WHATSAPP_TOKEN}", "placeholder"},
      {"$WHATSAPP_TOKEN", "placeholder"},
      {"%WHATSAPP_TOKEN%", "placeholder"},
      {"{{ .Values.token }}", "placeholder"},
      {"{{TOKEN}}", "placeholder"},
      {"YOUR_TOKEN_HERE", "placeholder"},
      {"your token", "placeholder"},
      {"insert-token-here", "placeholder"},
      {"xxx", "placeholder"},
      {"XXXXXXXXXXXX", "placeholder"},
      {"EAAxxxxxxxxxxxxxxxx", "placeholder"},
      {"***", "masked"},
      {"EAAB***ZDZD", "masked"},
      {"EAAB...ZDZD", "masked"},
      {"EAAB\u2026ZDZD", "masked"},
      {"\u2022\u2022\u2022\u2022\u2022\u2022", "masked"},
      {"EAAB\u25cf\u25cf\u25cf\u25cf", "masked"},
      {"eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0.c2ln", "id_token"},
      {"100000000000001%7Cabcdef", "percent_encoded"},
      {"100000000000001%7cabcdef", "percent_encoded"},
      {token + "%20", "percent_encoded"},
      {token + "\n" + token, "wrong_alphabet"},
      {token + " " + token, "wrong_alphabet"},
      {token + "\u00a0x", "wrong_alphabet"},
      {token + "\u200bx", "wrong_alphabet"},
      {token + "\x01x", "wrong_alphabet"},
      {token + "\u0435", "wrong_alphabet"},
  };
  for (const Row& row : rows) EXPECT_EQ(ReasonFor(row.value), row.reason) << row.value;
}

TEST(Paste, OnlyGivesReasonsThatMeanMalformed) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string value(random() % 40, ' ');
    for (char& c : value) c = static_cast<char>(random() % 256);
    if (const auto problem = CheckPaste(Secret(value))) {
      ASSERT_EQ(VerdictOf(problem->reason), Verdict::kMalformed);
      ASSERT_FALSE(problem->message.empty() || problem->action.empty());
    }
  }
}

TEST(Paste, LetsRandomTokensThrough) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::mt19937_64 random(20261120);
  for (int i = 0; i < 5000; ++i) {
    std::string value = "EAA";
    while (value.size() < 200) value += kAlphabet[random() % kAlphabet.size()];
    ASSERT_EQ(ReasonFor(value), "fine");
  }
}

TEST(Paste, NeverRepeatsTheValue) {
  const std::string token = FakeToken();
  for (const std::string& value : {" " + token, "Bearer " + token, "\"" + token, "A_B=" + token}) {
    const auto problem = CheckPaste(Secret(value));
    ASSERT_TRUE(problem.has_value());
    EXPECT_EQ((problem->message + problem->action).find(token.substr(0, 8)), std::string::npos);
  }
}

}  // namespace
}  // namespace tokenwarden
