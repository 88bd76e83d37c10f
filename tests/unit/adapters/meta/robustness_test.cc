// Damaged replies and leaks: whatever arrives, nothing crashes, no living token is called dead, and
// no secret shows where it should not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

const std::string kPhone =
    R"({"id":"400000000000001","status":"CONNECTED","quality_rating":"RED","health_status":{"can_send_message":"LIMITED",)"
    R"("entities":[{"entity_type":"WABA","id":"200000000000001","can_send_message":"LIMITED","errors":[{"error_code":141010}]}]}})";
const std::string kBusiness = R"({"id":"200000000000001","account_review_status":"PENDING"})";
const std::string kSubscribed =
    R"({"data":[{"whatsapp_business_api_data":{"id":"100000000000001"}}]})";

struct Replies {
  std::string debug_token = LivingBody();
  std::string phone = kPhone;
  std::string business = kBusiness;
  std::string subscribed = kSubscribed;
};

Observation Look(const Replies& replies) {
  Bench bench;
  bench.spec.meta.phone_number_id = kPhoneId;
  bench.spec.meta.business_account_id = kBusinessId;
  bench.http.Answer("debug_token", 200, replies.debug_token);
  bench.http.Answer("phone_number", 200, replies.phone);
  bench.http.Answer("business_account", 200, replies.business);
  bench.http.Answer("subscribed_apps", 200, replies.subscribed);
  return bench.Inspect();
}

// Every part of every reply of a look, one at a time.
std::vector<std::string Replies::*> Parts() {
  return {&Replies::debug_token, &Replies::phone, &Replies::business, &Replies::subscribed};
}

TEST(Robustness, AReplyCutAnywhereNeverKillsALivingToken) {
  for (const auto part : Parts()) {
    const std::string whole = Replies().*part;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Replies replies;
      replies.*part = whole.substr(0, size);
      const Observation seen = Look(replies);
      EXPECT_FALSE(IsDead(seen.verdict)) << Words(seen) << " after " << size;
      EXPECT_TRUE(part != &Replies::debug_token || seen.verdict == Verdict::kIndeterminate) << size;
    }
  }
}

TEST(Robustness, ACutReplyAboutADeadTokenIsNoConclusionEither) {
  const std::string whole =
      R"({"data":{"app_id":"1","type":"USER","error":{"code":190,"message":"x","subcode":463},"expires_at":1668613551,"is_valid":false}})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Replies replies;
    replies.debug_token = whole.substr(0, size);
    EXPECT_EQ(Look(replies).verdict, Verdict::kIndeterminate) << size;
  }
}

TEST(Robustness, AnyByteMayChangeAndNothingCrashes) {
  for (const auto part : Parts()) {
    const std::string whole = Replies().*part;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const char byte : {'\0', '"', '{', ']', '9', '\xff'}) {
        Replies replies;
        (replies.*part)[at] = byte;
        const Observation seen = Look(replies);
        EXPECT_FALSE(seen.message.empty());
        EXPECT_FALSE(IsDead(seen.verdict) && seen.reason != Reason::kSessionExpired)
            << Words(seen) << " with byte " << at;
      }
    }
  }
}

TEST(Robustness, AnyMemberMayBeNullOrOfAnotherType) {
  for (const char* value : {"null", "[]", "{}", "\"\"", "-1", "1.5", "true", "[null]", "[[]]"}) {
    for (const char* key :
         {"app_id", "type", "expires_at", "issued_at", "scopes", "granular_scopes", "user_id",
          "profile_id", "data_access_expires_at", "error"}) {
      Replies replies;
      replies.debug_token =
          std::string(R"({"data":{"is_valid":true,")") + key + "\":" + value + "}}";
      EXPECT_FALSE(IsDead(Look(replies).verdict)) << key << " " << value;
    }
    for (const char* key : {"status", "quality_rating", "health_status", "platform_type"}) {
      Replies replies;
      replies.phone = std::string(R"({"id":"400000000000001",")") + key + "\":" + value + "}";
      EXPECT_FALSE(IsDead(Look(replies).verdict)) << key << " " << value;
    }
  }
}

TEST(Robustness, HundredsOfScopesAndTargetsAreFine) {
  std::string scopes;
  for (int i = 0; i < 5000; ++i) scopes += "\"scope_" + std::to_string(i) + "\",";
  Replies replies;
  replies.debug_token =
      R"({"data":{"is_valid":true,"app_id":"100000000000001","type":"SYSTEM_USER","expires_at":0,"scopes":[)" +
      scopes + R"("last"]}})";
  EXPECT_FALSE(IsDead(Look(replies).verdict));
}

TEST(Robustness, ACutRenewalReplyIsNeverAToken) {
  Bench bench;
  const std::string whole = R"({"access_token":"new1","token_type":"bearer","expires_in":5183944})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    HttpReply reply;
    reply.status = 200;
    reply.body = whole.substr(0, size);
    const auto renewed = bench.provider->ParseRenewal(reply);
    ASSERT_FALSE(renewed) << size;
    EXPECT_EQ(renewed.error().kind, ErrorKind::kUnavailable) << size;
  }
}

// The issuer may echo what we sent: in messages, ids, trace ids, scopes, headers.
TEST(Secrecy, NothingThatMetaEchoesReachesAnObservation) {
  const std::string token = FakeToken();
  const std::vector<std::string> bodies = {
      R"({"data":{"is_valid":false,"type":")" + token + R"( x","app_id":")" + token +
          R"(","user_id":")" + token +
          R"(","error":{"code":190,"message":"Malformed access token )" + token + R"("}}})",
      R"({"error":{"code":190,"message":"Malformed access token )" + token + R"(","fbtrace_id":")" +
          token + token + R"("}})",
      R"({"error":{"code":98765,"message":")" + token + R"(","error_user_msg":")" + token +
          R"("}})",
      "<html>" + token + "</html>"};
  for (const std::string& body : bodies) {
    for (const bool with_secret : {true, false}) {
      Bench bench;
      if (!with_secret) bench.app_secret.reset();
      bench.http.Answer(
          "debug_token", 400, body,
          {{"www-authenticate", "OAuth \"Facebook Platform\" \"invalid_token\" \"" + token + "\""},
           {"x-fb-trace-id", token + " "}});
      const std::string text = AllText(bench.Inspect());
      EXPECT_EQ(text.find(token), std::string::npos) << body;
      EXPECT_EQ(text.find(FakeAppSecret()), std::string::npos) << body;
    }
  }
}

TEST(Secrecy, NoSecretIsInAnyUrl) {
  for (const bool with_secret : {true, false}) {
    Bench bench;
    if (!with_secret) bench.app_secret.reset();
    bench.spec.meta.phone_number_id = kPhoneId;
    bench.spec.meta.business_account_id = kBusinessId;
    bench.spec.meta.required_scopes = {"email"};
    bench.http.Answer("debug_token", 400,
                      ErrorBody(100, {}, "(#100) You must provide an app access token"));
    bench.http.Answer("me", 200, R"({"id":"300000000000001"})");
    bench.Inspect();
    ASSERT_FALSE(bench.http.sent().empty());
    for (const SentRequest& sent : bench.http.sent()) {
      EXPECT_EQ(sent.url.find(FakeToken()), std::string::npos);
      EXPECT_EQ(sent.url.find(FakeAppSecret()), std::string::npos);
      for (const auto& [name, value] : sent.query) {
        EXPECT_EQ(value.find(FakeAppSecret()), std::string::npos) << name;
        EXPECT_TRUE(name == "input_token" || value.find(FakeToken()) == std::string::npos) << name;
      }
    }
  }
}

}  // namespace
}  // namespace tokenwarden::meta
