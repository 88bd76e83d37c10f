#include "agent/adapters/log/redact.h"

#include <gtest/gtest.h>

#include "agent/adapters/log/log_listener.h"

namespace tokenwarden::log {
namespace {

// Built here, so that no scanner of sources finds a token in this file.
std::string FakeToken() { return std::string("EA") + "A" + std::string(60, 'x') + "7"; }
std::string FakeSecret() { return std::string(16, 'a') + std::string(16, '9'); }
std::string FakeAppToken(const std::string& bar) { return "100000000000001" + bar + FakeSecret(); }

TEST(Redact, BlotsOutWhatLooksLikeASecretAndKeepsTheRest) {
  const std::string token = FakeToken();
  const std::string secret = FakeSecret();
  const struct {
    std::string text, expected;
  } rows[] = {
      {"token " + token + " died", "token REDACTED died"},
      {token, "REDACTED"},
      {"(" + token + ")", "(REDACTED)"},
      {"x=" + FakeAppToken("|") + ".", "x=100000000000001|REDACTED."},
      {FakeAppToken("%7C"), "100000000000001%7CREDACTED"},
      {"Authorization: Bearer " + secret, "Authorization: Bearer REDACTED"},
      {"authorization: bearer abc.def-" + secret, "authorization: bearer REDACTED"},
      {"/x?access_token=short&y=1", "/x?access_token=REDACTED&y=1"},
      {"INPUT_TOKEN=abc def", "INPUT_TOKEN=REDACTED def"},
      {R"({"client_secret":"abc","x":1})", R"({"client_secret":"REDACTED","x":1})"},
      {R"({\"refresh_token\": \"abc\"})", R"({\"refresh_token\": \"REDACTED\"})"},
      {"appsecret_proof=0123, fb_exchange_token=1",
       "appsecret_proof=REDACTED, fb_exchange_token=REDACTED"},
  };
  for (const auto& row : rows) EXPECT_EQ(Redact(row.text), row.expected);
}

TEST(Redact, FindsATokenAlsoWhereTheWordBeginsBeforeIt) {
  EXPECT_EQ(Redact(R"("a\n)" + FakeToken() + R"(")"), R"("a\nREDACTED")");
  EXPECT_EQ(Redact("token7" + FakeToken()), "token7REDACTED");
}

TEST(Redact, LeavesOrdinarySentencesAlone) {
  for (const char* text :
       {"the access_token of whatsapp expired", "EACH one of them", "EAST of here",
        "app 100000000000001 refused", "code 190, subcode 463", "hmac:0123456789abcdef",
        ".env#WHATSAPP_ACCESS_TOKEN is missing", "a bearer token is needed", ""}) {
    EXPECT_EQ(Redact(text), text);
  }
}

TEST(Redact, StandsBetweenEveryFieldAndTheLine) {
  const std::string token = FakeToken();
  Event event;
  event.message = event.credential = event.tenant = event.provider = event.reason = event.sink =
      event.target = event.endpoint = token;
  event.fields = {{token, token}};
  for (const LogFormat format : {LogFormat::kJson, LogFormat::kText}) {
    const std::string line = FormatLine(event, FromUnix(0), format);
    EXPECT_EQ(line.find(token.substr(0, 10)), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace tokenwarden::log
