#include <gtest/gtest.h>

#include <string>

#include "agent/adapters/meta/health.h"
#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

const std::string kHealthyPhone =
    R"({"verified_name":"Acme Pizza","code_verification_status":"VERIFIED","quality_rating":"GREEN",)"
    R"("platform_type":"CLOUD_API","status":"CONNECTED","id":"400000000000001"})";
const std::string kHealthyBusiness =
    R"({"id":"200000000000001","name":"Acme","account_review_status":"APPROVED","business_verification_status":"verified"})";
const std::string kSubscribed =
    R"({"data":[{"whatsapp_business_api_data":{"id":"100000000000001","name":"Acme Bot","link":"https:\/\/x.test\/"}}]})";

class AssetBench : public Bench {
 public:
  AssetBench() {
    spec.meta.phone_number_id = kPhoneId;
    spec.meta.business_account_id = kBusinessId;
    http.Answer("debug_token", 200, LivingBody());
  }
  void Healthy() {
    http.Answer("phone_number", 200, kHealthyPhone);
    http.Answer("business_account", 200, kHealthyBusiness);
    http.Answer("subscribed_apps", 200, kSubscribed);
  }
};

std::string Phone(const std::string& more) { return R"({"id":"400000000000001",)" + more + "}"; }

Observation LookAtPhone(const std::string& body) {
  Bench bench;
  bench.spec.meta.phone_number_id = kPhoneId;
  bench.http.Answer("debug_token", 200, LivingBody());
  bench.http.Answer("phone_number", 200, body);
  return bench.Inspect();
}

TEST(Assets, HealthyOnesLeaveAPlainValid) {
  AssetBench bench;
  bench.Healthy();
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed");
  EXPECT_TRUE(seen.findings.empty());
  EXPECT_TRUE(seen.unproven.empty());
  EXPECT_EQ(bench.http.sent().size(), 4u);
}

TEST(Assets, AreReadWithTheTokenAsBearerAndItsProof) {
  AssetBench bench;
  bench.Healthy();
  bench.Inspect();
  for (const char* endpoint : {"phone_number", "business_account", "subscribed_apps"}) {
    const SentRequest* sent = bench.http.Find(endpoint);
    ASSERT_NE(sent, nullptr) << endpoint;
    EXPECT_EQ(sent->bearer, FakeToken());
    EXPECT_EQ(sent->query.at("appsecret_proof"),
              bench.mac->HmacSha256Hex(FakeAppSecret(), FakeToken()));
    EXPECT_EQ(sent->query.count("access_token"), 0u);
  }
  EXPECT_EQ(bench.http.Find("phone_number")->url,
            "https://graph.facebook.com/v25.0/400000000000001");
  EXPECT_EQ(bench.http.Find("subscribed_apps")->url,
            "https://graph.facebook.com/v25.0/200000000000001/subscribed_apps");
}

TEST(Assets, TheProofFollowsTheVectors) {
  Bench bench;
  std::string token = "EA";
  token += "ATESTTOKENaaaabbbbccccdddd0001ZDZD";
  bench.app_secret = Secret("0123456789abcdef0123456789abcdef");
  bench.spec.meta.phone_number_id = kPhoneId;
  bench.http.Answer("debug_token", 200, LivingBody());
  bench.http.Answer("phone_number", 200, kHealthyPhone);
  bench.Inspect(token);
  EXPECT_EQ(bench.http.Find("phone_number")->query.at("appsecret_proof"),
            "f5b2e7d40d96bb95b586243fafe31a3bf346382149f4547f64fb80a10e2d3684");
  EXPECT_EQ(bench.http.Find("phone_number")->query.count("appsecret_time"), 0u);

  Bench stamped;
  stamped.now = FromUnix(1735689600);
  stamped.app_secret = Secret("0123456789abcdef0123456789abcdef");
  stamped.spec.meta.phone_number_id = kPhoneId;
  stamped.spec.meta.send_appsecret_time = true;
  stamped.http.Answer("debug_token", 200, LivingBody());
  stamped.http.Answer("phone_number", 200, kHealthyPhone);
  stamped.Inspect(token);
  EXPECT_EQ(stamped.http.Find("phone_number")->query.at("appsecret_proof"),
            "451ce7cd44abaff896974dd89c72dd642f67209dc61f8b77e30921c946c10f02");
  EXPECT_EQ(stamped.http.Find("phone_number")->query.at("appsecret_time"), "1735689600");
}

TEST(Assets, ARefusedStampedProofIsClockWhenTheClocksDisagree) {
  AssetBench bench;
  bench.spec.meta.send_appsecret_time = true;
  bench.http.Answer("phone_number", 400,
                    ErrorBody(100, {}, "Invalid appsecret_proof provided in the API argument"),
                    {{"date", "Fri, 20 Nov 2026 12:00:00 GMT"}});
  EXPECT_EQ(Words(bench.Inspect()), "indeterminate/clock");
}

TEST(Assets, AreNotAskedWhenTheTokenIsDeadOrSomebodyElses) {
  for (const std::string& body : {std::string(R"({"data":{"is_valid":false}})"),
                                  std::string(R"({"data":{"is_valid":true,"app_id":"1"}})")}) {
    Bench bench;
    bench.spec.meta.phone_number_id = kPhoneId;
    bench.http.Answer("debug_token", 200, body);
    bench.Inspect();
    EXPECT_EQ(bench.http.sent().size(), 1u);
  }
}

TEST(Assets, AFieldThatTheVersionDoesNotKnowFallsBackToTheDefaultSet) {
  AssetBench bench;
  bench.http.Answer("phone_number", 400,
                    ErrorBody(100, {},
                              "(#100) Tried accessing nonexisting field (x) on node type "
                              "(WhatsAppBusinessPhoneNumber)"));
  bench.http.Answer("phone_number", 200, kHealthyPhone);
  bench.http.Answer("business_account", 200, kHealthyBusiness);
  bench.http.Answer("subscribed_apps", 200, kSubscribed);
  EXPECT_EQ(Words(bench.Inspect()), "valid/confirmed");
  EXPECT_EQ(bench.http.CountOf("phone_number"), 2);
  EXPECT_EQ(bench.http.sent().at(2).query.count("fields"), 0u);
}

// The token of LivingBody manages account 200000000000001 only.
TEST(Assets, AreReadAlsoWhenThePermissionNamesOtherAccounts) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_management"};
  bench.spec.meta.business_account_id = "200000000000009";
  bench.http.Answer("debug_token", 200, LivingBody());
  bench.http.Answer("business_account", 200, R"({"id":"200000000000009"})");
  bench.http.Answer("subscribed_apps", 200, kSubscribed);
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed") << "the read decides, not the list";
  EXPECT_TRUE(seen.findings.empty() || seen.findings[0].id == "too_wide_scopes");
}

TEST(Assets, ARefusedAccountThatThePermissionDoesNotNameIsExplained) {
  const std::string refused = ErrorBody(100, 33, "Unsupported get request. Object with ID");
  for (const bool named : {false, true}) {
    Bench bench;
    bench.spec.meta.required_scopes = {"whatsapp_business_management"};
    bench.spec.meta.business_account_id = named ? kBusinessId : "200000000000009";
    bench.http.Answer("debug_token", 200, LivingBody());
    bench.http.Answer("business_account", 400, refused);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), "under_scoped/asset_unreachable");
    const bool explained =
        seen.message.find("grants whatsapp_business_management for other accounts") !=
        std::string::npos;
    EXPECT_EQ(explained, !named) << seen.message;
  }
}

TEST(Assets, OneThatIsReadSettlesAPermissionGrantedForNothing) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_management"};
  bench.spec.meta.phone_number_id = kPhoneId;
  bench.http.Answer("debug_token", 200, R"({"data":{"app_id":"100000000000001","type":"SYSTEM_USER",
      "expires_at":0,"is_valid":true,"scopes":["whatsapp_business_management"],
      "granular_scopes":[{"scope":"whatsapp_business_management","target_ids":[]}],
      "user_id":"300000000000001"}})");
  bench.http.Answer("phone_number", 200, kHealthyPhone);
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed");
  EXPECT_EQ(FindFinding(seen, "scope_without_asset"), nullptr);
}

TEST(Assets, SilenceAboutARequiredAssetIsSilence) {
  AssetBench bench;
  bench.http.Fail("phone_number", ErrorKind::kDeadlineExceeded, "timeout");
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "indeterminate/outage");
  EXPECT_FALSE(seen.unproven.empty());
  EXPECT_EQ(seen.facts.expires_at, FromUnix(1797760800));
  EXPECT_EQ(bench.http.sent().size(), 2u) << "an issuer that fell silent is not asked on";
}

TEST(Assets, TheMoreFundamentalOfTwoAssetsDecides) {
  AssetBench bench;
  bench.http.Answer("phone_number", 400, ErrorBody(368, {}, "x"));
  bench.http.Answer("business_account", 400, ErrorBody(100, 33, "x"));
  EXPECT_EQ(Words(bench.Inspect()), "under_scoped/asset_unreachable");
}

TEST(Assets, AReplyAboutAnotherObjectProvesNothing) {
  EXPECT_EQ(Words(LookAtPhone(R"({"id":"1"})")), "indeterminate/bad_reply");
  EXPECT_EQ(Words(LookAtPhone(R"({"status":"CONNECTED"})")), "indeterminate/bad_reply");
  EXPECT_EQ(Words(LookAtPhone(R"({"id":400000000000001})")), "valid/confirmed");
}

TEST(Assets, AnAppTokenHasNone) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kApp;
  bench.http.Answer(
      "debug_token", 200,
      R"({"data":{"app_id":"100000000000001","type":"APP","is_valid":true,"scopes":[]}})");
  EXPECT_EQ(Words(bench.Inspect(std::string(kAppId) + "|generated-string_27")), "valid/confirmed");
  EXPECT_EQ(bench.http.sent().size(), 1u);
}

struct FindingCase {
  const char* field;
  const char* id;  // empty: no finding
  Severity severity;
};
TEST(Assets, PhoneFieldsBecomeFindings) {
  const FindingCase cases[] = {
      {R"("status":"CONNECTED")", "", Severity::kInfo},
      {R"("status":"UNKNOWN")", "", Severity::kInfo},
      {R"("status":null)", "", Severity::kInfo},
      {R"("status":"PENDING")", "phone_pending", Severity::kWarn},
      {R"("status":"BANNED")", "phone_banned", Severity::kFail},
      {R"("status":"DISCONNECTED")", "phone_disconnected", Severity::kFail},
      {R"("status":"FLAGGED")", "phone_degraded", Severity::kWarn},
      {R"("quality_rating":"GREEN")", "", Severity::kInfo},
      {R"("quality_rating":"NA")", "", Severity::kInfo},
      {R"("quality_rating":"UNKNOWN")", "", Severity::kInfo},
      {R"("quality_rating":"YELLOW")", "quality_yellow", Severity::kInfo},
      {R"("quality_rating":"RED")", "quality_red", Severity::kWarn},
      {R"("quality_rating":"RED","platform_type":"NOT_APPLICABLE")", "quality_red",
       Severity::kInfo},
      {R"("code_verification_status":"NOT_VERIFIED")", "", Severity::kInfo},
  };
  for (const FindingCase& each : cases) {
    const Observation seen = LookAtPhone(Phone(each.field));
    EXPECT_EQ(Words(seen), "valid/confirmed") << each.field;
    if (*each.id == '\0') {
      EXPECT_TRUE(seen.findings.empty()) << each.field;
      continue;
    }
    const Finding* finding = FindFinding(seen, each.id);
    ASSERT_NE(finding, nullptr) << each.field;
    EXPECT_EQ(finding->severity, each.severity) << each.field;
    EXPECT_FALSE(finding->action.empty()) << each.field;
  }
}

TEST(Assets, ReviewAndVerificationAreReadInBothSpellings) {
  for (const char* word : {"PENDING", "pending"}) {
    AssetBench bench;
    bench.http.Answer("phone_number", 200, kHealthyPhone);
    bench.http.Answer("business_account", 200,
                      std::string(R"({"id":"200000000000001","account_review_status":")") + word +
                          R"(","business_verification_status":")" + word + R"("})");
    bench.http.Answer("subscribed_apps", 200, kSubscribed);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), "valid/confirmed");
    EXPECT_NE(FindFinding(seen, "review_pending"), nullptr);
    EXPECT_NE(FindFinding(seen, "business_verification_pending"), nullptr);
  }
}

TEST(Assets, NobodySubscribedIsAFinding) {
  AssetBench bench;
  bench.http.Answer("phone_number", 200, kHealthyPhone);
  bench.http.Answer("business_account", 200, kHealthyBusiness);
  bench.http.Answer("subscribed_apps", 200, R"({"data":[]})");
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed");
  ASSERT_NE(FindFinding(seen, "no_subscribed_app"), nullptr);
  EXPECT_EQ(FindFinding(seen, "no_subscribed_app")->severity, Severity::kWarn);
}

TEST(Assets, AnotherSubscribedAppIsToldAndSilenceThereChangesNothing) {
  const std::pair<std::string, const char*> cases[] = {
      {R"({"data":[{"whatsapp_business_api_data":{"id":"9"}}]})", "other_subscribed_app"},
      {"<html>", ""},
      {ErrorBody(200, {}, "x"), ""}};
  for (const auto& [reply, id] : cases) {
    AssetBench bench;
    bench.http.Answer("phone_number", 200, kHealthyPhone);
    bench.http.Answer("business_account", 200, kHealthyBusiness);
    bench.http.Answer("subscribed_apps", 200, reply);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), "valid/confirmed");
    if (*id != '\0') {
      EXPECT_NE(FindFinding(seen, id), nullptr);
    } else {
      EXPECT_EQ(seen.unproven.size(), 1u);
    }
  }
}

struct HealthCase {
  const char* name;
  const char* status;
  Health worst;
};
TEST(Health, EntitiesDecideAndSipDoesNotAlarm) {
  const HealthCase cases[] = {
      {"available",
       R"({"can_send_message":"AVAILABLE","entities":[{"can_send_message":"AVAILABLE"}]})",
       Health::kAvailable},
      {"payment",
       R"({"can_send_message":"BLOCKED","entities":[{"can_send_message":"BLOCKED","errors":[{"error_code":141006}]}]})",
       Health::kBlocked},
      {"sip only",
       R"({"can_send_message":"BLOCKED","entities":[{"can_send_message":"BLOCKED","errors":[{"error_code":138024},{"error_code":138025}]}]})",
       Health::kUnknown},
      {"sip and payment",
       R"({"can_send_message":"BLOCKED","entities":[{"can_send_message":"BLOCKED","errors":[{"error_code":138024},{"error_code":141006}]}]})",
       Health::kBlocked},
      {"limited with errors",
       R"({"can_send_message":"LIMITED","entities":[{"can_send_message":"LIMITED","errors":[{"error_code":"141010"}]}]})",
       Health::kLimited},
      {"limited, errors null",
       R"({"can_send_message":"LIMITED","entities":[{"can_send_message":"LIMITED","errors":null}]})",
       Health::kLimited},
      {"overall worse than entities",
       R"({"can_send_message":"BLOCKED","entities":[{"can_send_message":"AVAILABLE"}]})",
       Health::kBlocked},
      {"entity worse than overall",
       R"({"can_send_message":"AVAILABLE","entities":[{"can_send_message":"BLOCKED"}]})",
       Health::kBlocked},
      {"no entities", R"({"can_send_message":"LIMITED"})", Health::kLimited},
      {"unknown word", R"({"can_send_message":"MAYBE"})", Health::kUnknown},
      {"null", "null", Health::kUnknown},
      {"text", R"("BLOCKED")", Health::kUnknown},
  };
  for (const HealthCase& each : cases) {
    const auto node = ParseJson(std::string(R"({"health_status":)") + each.status + "}");
    ASSERT_TRUE(node) << each.name;
    EXPECT_EQ(ReadHealth(*node).worst, each.worst) << each.name;
  }
}

TEST(Health, BlockedRestrictsTheTokenAndNamesTheCodes) {
  const Observation seen = LookAtPhone(Phone(
      R"("health_status":{"can_send_message":"BLOCKED","entities":[{"can_send_message":"BLOCKED","errors":[{"error_code":141006}]}]})"));
  EXPECT_EQ(Words(seen), "restricted/health_blocked");
  EXPECT_NE(seen.message.find("141006"), std::string::npos);
  EXPECT_EQ(seen.evidence.endpoint, "health_status");
}

TEST(Health, LimitedIsAFinding) {
  const Observation seen = LookAtPhone(Phone(
      R"("health_status":{"can_send_message":"LIMITED","entities":[{"can_send_message":"LIMITED","additional_info":["x"]}]})"));
  EXPECT_EQ(Words(seen), "valid/confirmed");
  EXPECT_NE(FindFinding(seen, "health_limited"), nullptr);
}

}  // namespace
}  // namespace tokenwarden::meta
