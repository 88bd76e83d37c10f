// Who asks: the app with its secret, or the token for itself.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

const char* const kOtherAppText =
    "(#100) The App_id in the input_token did not match the Viewing App";
const char* const kNoInspectorText =
    "(#100) You must provide an app access token, or a user access token that is an owner or "
    "developer of the app";

struct RefusedCase {
  const char* name;
  std::string refusal;  // of debug_token
  std::string probe;    // of client_credentials; empty: never asked
  const char* words;
};
class RefusedInspectors : public testing::TestWithParam<RefusedCase> {};
TEST_P(RefusedInspectors, SayNothingAboutTheToken) {
  Bench bench;
  bench.http.Answer("debug_token", 400, GetParam().refusal);
  if (!GetParam().probe.empty()) {
    bench.http.Answer("client_credentials",
                      GetParam().probe.find("error") == std::string::npos ? 200 : 400,
                      GetParam().probe);
  }
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), GetParam().words);
  EXPECT_EQ(bench.http.CountOf("client_credentials"), GetParam().probe.empty() ? 0 : 1);
  EXPECT_EQ(seen.evidence.endpoint, "debug_token");
  EXPECT_FALSE(seen.action.empty());
}
const std::string kSecretWorks =
    R"({"access_token":"100000000000001|generated","token_type":"bearer"})";
INSTANTIATE_TEST_SUITE_P(
    Inspector, RefusedInspectors,
    testing::Values(
        RefusedCase{"WrongSecret", ErrorBody(190, {}, "Invalid OAuth access token signature."), "",
                    "indeterminate/inspector"},
        RefusedCase{
            "UnknownApp",
            ErrorBody(
                190, {},
                "Error validating application. Cannot get application info due to a system error."),
            "", "indeterminate/inspector"},
        RefusedCase{"DisabledApp", ErrorBody(101, {}, "Error validating application."), "",
                    "indeterminate/inspector"},
        RefusedCase{"NotAnAppToken", ErrorBody(100, {}, kNoInspectorText), "",
                    "indeterminate/inspector"},
        RefusedCase{"OurTokenDead", ErrorBody(190, 463, "Session has expired"), "",
                    "indeterminate/inspector"},
        RefusedCase{"NoToken", ErrorBody(104, {}, "An access token is required"), "",
                    "indeterminate/inspector"},
        RefusedCase{"NoPermission", ErrorBody(10, {}, "x"), "", "indeterminate/inspector"},
        RefusedCase{"OtherAppAndOursWorks", ErrorBody(100, {}, kOtherAppText), kSecretWorks,
                    "wrong_identity/other_app"},
        RefusedCase{"OtherAppAndOursIsWrong", ErrorBody(100, {}, kOtherAppText),
                    ErrorBody(1, {}, "Error validating client secret."), "indeterminate/inspector"},
        RefusedCase{"OtherAppAndProbeIsSilent", ErrorBody(100, {}, kOtherAppText),
                    "<html>error</html>", "indeterminate/inspector"},
        RefusedCase{"UnclearAndOursWorks", ErrorBody(100, 33, "Unsupported get request."),
                    kSecretWorks, "indeterminate/bad_reply"},
        RefusedCase{"UnclearAndOursIsWrong", ErrorBody(100, {}, "x"), ErrorBody(101, {}, "x"),
                    "indeterminate/inspector"},
        RefusedCase{"AboutAMessage", ErrorBody(131030, {}, "x"), "", "indeterminate/bad_reply"},
        RefusedCase{"Throttled", ErrorBody(4, {}, "x"), "", "indeterminate/rate_limited"},
        RefusedCase{"Down", ErrorBody(2, {}, "x"), "", "indeterminate/outage"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Inspector, TheProbeSendsTheSecretInAFormOnly) {
  Bench bench;
  bench.http.Answer("debug_token", 400, ErrorBody(100, {}, kOtherAppText));
  bench.http.Answer("client_credentials", 200, kSecretWorks);
  bench.Inspect();
  const SentRequest* probe = bench.http.Find("client_credentials");
  ASSERT_NE(probe, nullptr);
  EXPECT_EQ(probe->method, HttpRequest::Method::kPost);
  EXPECT_EQ(probe->url, "https://graph.facebook.com/v25.0/oauth/access_token");
  EXPECT_TRUE(probe->query.empty());
  EXPECT_TRUE(probe->bearer.empty());
  EXPECT_EQ(probe->form.at("grant_type"), "client_credentials");
  EXPECT_EQ(probe->form.at("client_id"), kAppId);
  EXPECT_EQ(probe->form.at("client_secret"), FakeAppSecret());
}

// ---- without the app secret ----

class BenchWithoutSecret : public Bench {
 public:
  BenchWithoutSecret() { app_secret.reset(); }
  void RefuseSelfInspection() {
    http.Answer("debug_token", 400, ErrorBody(100, {}, kNoInspectorText));
  }
};

TEST(SelfInspection, IsLabelledAndSaysWhatItCannotProve) {
  BenchWithoutSecret bench;
  bench.http.Answer("debug_token", 200, LivingBody());
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/self_reported");
  EXPECT_EQ(seen.facts.expires_at, FromUnix(1797760800));
  EXPECT_FALSE(seen.unproven.empty());
  const SentRequest& sent = bench.http.sent().at(0);
  EXPECT_EQ(sent.bearer, FakeToken());
  EXPECT_EQ(sent.query.at("input_token"), FakeToken());
}

TEST(SelfInspection, FindsADeadTokenInData) {
  BenchWithoutSecret bench;
  bench.http.Answer("debug_token", 200,
                    R"({"data":{"is_valid":false,"error":{"code":190,"subcode":466}}})");
  EXPECT_EQ(Words(bench.Inspect()), "revoked/revoked_by_api");
}

TEST(SelfInspection, AnErrorAboutTheCallerIsAboutTheToken) {
  const std::pair<std::string, const char*> cases[] = {
      {ErrorBody(190, 463, "x"), "expired/session_expired"},
      {ErrorBody(190, 460, "x"), "revoked/password_changed"},
      {ErrorBody(190, 459, "x"), "restricted/user_checkpoint"},
      {ErrorBody(190, {}, "Invalid OAuth access token - Cannot parse access token"),
       "malformed/cannot_parse"},
      {ErrorBody(190, {}, "Invalid OAuth access token signature."), "malformed/bad_signature"},
      {ErrorBody(190, {}, "Invalid OAuth access token - Debug only access token"),
       "wrong_identity/other_kind"},
      {ErrorBody(4, {}, "x"), "indeterminate/rate_limited"},
      {ErrorBody(2, {}, "x"), "indeterminate/outage"}};
  for (const auto& [body, words] : cases) {
    BenchWithoutSecret bench;
    bench.http.Answer("debug_token", 400, body);
    EXPECT_EQ(Words(bench.Inspect()), words);
    EXPECT_EQ(bench.http.sent().size(), 1u);
  }
}

TEST(SelfInspection, FallsBackToMeAndAppWithoutInventingAnExpiry) {
  BenchWithoutSecret bench;
  bench.RefuseSelfInspection();
  bench.http.Answer("me", 200, R"({"id":"300000000000001","name":"rotator-bot"})");
  bench.http.Answer("app", 200, R"({"id":"100000000000001","name":"Acme Bot"})");
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/self_reported");
  EXPECT_EQ(seen.facts.user_id, kUserId);
  EXPECT_EQ(seen.facts.app_id, kAppId);
  EXPECT_EQ(seen.facts.lifetime, Lifetime::kUnknown);
  EXPECT_FALSE(seen.facts.expires_at);
  EXPECT_EQ(seen.evidence.endpoint, "me");
  std::string unproven;
  for (const std::string& sentence : seen.unproven) unproven += sentence;
  EXPECT_NE(unproven.find("expires"), std::string::npos);
  EXPECT_NE(unproven.find("kind"), std::string::npos);
  for (const SentRequest& sent : bench.http.sent())
    EXPECT_EQ(sent.query.count("appsecret_proof"), 0u);
}

TEST(SelfInspection, ComparesWhatItCanLearn) {
  {
    BenchWithoutSecret bench;
    bench.RefuseSelfInspection();
    bench.http.Answer("me", 200, R"({"id":"300000000000001"})");
    bench.http.Answer("app", 200, R"({"id":"100000000000002"})");
    EXPECT_EQ(Words(bench.Inspect()), "wrong_identity/other_app");
  }
  {
    BenchWithoutSecret bench;
    bench.spec.meta.user_id = "300000000000009";
    bench.RefuseSelfInspection();
    bench.http.Answer("me", 200, R"({"id":"300000000000001"})");
    bench.http.Answer("app", 500, "");
    EXPECT_EQ(Words(bench.Inspect()), "wrong_identity/other_user");
  }
}

TEST(SelfInspection, ChecksScopesThroughMyPermissions) {
  const auto look = [](std::vector<std::string> required, const std::string& reply) {
    BenchWithoutSecret bench;
    bench.spec.meta.required_scopes = std::move(required);
    bench.RefuseSelfInspection();
    bench.http.Answer("me", 200, R"({"id":"300000000000001"})");
    bench.http.Answer("app", 200, R"({"id":"100000000000001"})");
    bench.http.Answer("permissions", 200, reply);
    return bench.Inspect();
  };
  const std::string reply =
      R"({"data":[{"permission":"whatsapp_business_messaging","status":"granted"},{"permission":"email","status":"declined"}]})";
  EXPECT_EQ(Words(look({"whatsapp_business_messaging"}, reply)), "valid/self_reported");
  EXPECT_EQ(Words(look({"email"}, reply)), "under_scoped/scope_missing");
  const Observation unclear = look({"email"}, "<html>");
  EXPECT_EQ(Words(unclear), "valid/self_reported");
  EXPECT_TRUE(unclear.missing_scopes.empty());
}

TEST(SelfInspection, MeDecidesWhenTheTokenIsDeadOrOfNoUser) {
  const std::pair<std::string, const char*> cases[] = {
      {ErrorBody(190, 467, "x"), "revoked/logged_out"},
      {ErrorBody(
           2500, {},
           "An active access token must be used to query information about the current user."),
       "wrong_identity/other_kind"},
      {ErrorBody(100, {}, "API calls from the server require an appsecret_proof argument"),
       "indeterminate/inspector"},
      {R"({"name":"nobody"})", "indeterminate/bad_reply"},
      {"<html>portal</html>", "indeterminate/blocked"}};
  for (const auto& [body, words] : cases) {
    BenchWithoutSecret bench;
    bench.RefuseSelfInspection();
    bench.http.Answer("me", body.find("error") == std::string::npos ? 200 : 400, body);
    EXPECT_EQ(Words(bench.Inspect()), words) << body;
  }
}

TEST(SelfInspection, IsUsedWhenTheAppIdIsMissing) {
  Bench bench;
  bench.spec.meta.app_id = "";
  bench.http.Answer("debug_token", 200, LivingBody());
  EXPECT_EQ(Words(bench.Inspect()), "valid/self_reported");
}

}  // namespace
}  // namespace tokenwarden::meta
