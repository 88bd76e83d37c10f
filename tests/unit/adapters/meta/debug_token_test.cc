#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

TEST(DebugToken, ConfirmsALivingSystemUserToken) {
  Bench bench;
  bench.http.Answer("debug_token", 200, LivingBody(), {{"x-fb-trace-id", "TrAcE1"}});
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed");
  EXPECT_EQ(seen.facts.kind, "system_user");
  EXPECT_EQ(seen.facts.app_id, kAppId);
  EXPECT_EQ(seen.facts.user_id, kUserId);
  EXPECT_EQ(seen.facts.lifetime, Lifetime::kFinite);
  EXPECT_EQ(seen.facts.expires_at, FromUnix(1797760800));
  EXPECT_EQ(seen.facts.issued_at, FromUnix(1792576800));
  EXPECT_EQ(seen.facts.scopes.size(), 3u);
  EXPECT_EQ(seen.evidence.endpoint, "debug_token");
  EXPECT_EQ(seen.evidence.http_status, 200);
  EXPECT_EQ(seen.evidence.trace_id, "TrAcE1");
  EXPECT_EQ(seen.evidence.observed_at, bench.now);
  EXPECT_TRUE(seen.findings.empty());
  EXPECT_TRUE(seen.unproven.empty());
}

TEST(DebugToken, SendsTheAppTokenAsBearerAndOnlyTheInputInTheQuery) {
  Bench bench;
  bench.http.Answer("debug_token", 200, LivingBody());
  bench.Inspect();
  ASSERT_EQ(bench.http.sent().size(), 1u);
  const SentRequest& sent = bench.http.sent()[0];
  EXPECT_EQ(sent.method, HttpRequest::Method::kGet);
  EXPECT_EQ(sent.url, "https://graph.facebook.com/v25.0/debug_token");
  EXPECT_EQ(sent.bearer, std::string(kAppId) + "|" + FakeAppSecret());
  ASSERT_EQ(sent.query.size(), 1u);
  EXPECT_EQ(sent.query.at("input_token"), FakeToken());
  EXPECT_TRUE(sent.form.empty());
}

TEST(DebugToken, AsksTheConfiguredAddressAndVersion) {
  Bench bench;
  bench.spec.meta.endpoint = "http://127.0.0.1:8080/";
  bench.spec.meta.api_version = "v23.0";
  bench.http.Answer("debug_token", 200, LivingBody());
  bench.Inspect();
  EXPECT_EQ(bench.http.sent().at(0).url, "http://127.0.0.1:8080/v23.0/debug_token");
}

struct DeadCase {
  const char* name;
  std::string data;
  const char* words;
  Lifetime lifetime;
};

class DeadTokens : public testing::TestWithParam<DeadCase> {};
TEST_P(DeadTokens, GetTheirVerdictFromData) {
  Bench bench;
  bench.http.Answer("debug_token", 200, R"({"data":{)" + GetParam().data + "}}");
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), GetParam().words);
  EXPECT_EQ(seen.facts.lifetime, GetParam().lifetime);
  EXPECT_FALSE(seen.message.empty());
  EXPECT_FALSE(seen.action.empty());
  EXPECT_EQ(bench.http.sent().size(), 1u) << "a dead token is asked about once";
}

const std::string kMetadata =
    R"("app_id":"100000000000001","type":"SYSTEM_USER","application":"Acme","user_id":"123",)";

INSTANTIATE_TEST_SUITE_P(
    DebugToken, DeadTokens,
    testing::Values(
        DeadCase{
            "Expired",
            kMetadata +
                R"("error":{"code":190,"message":"Session has expired on Monday","subcode":463},"expires_at":1668613551,"is_valid":false,"issued_at":1663429551,"scopes":["email"])",
            "expired/session_expired", Lifetime::kFinite},
        DeadCase{
            "ExpiredWithoutSubcode",
            kMetadata +
                R"("error":{"code":190,"message":"Error validating access token: Session has expired on Monday."},"expires_at":1668613551,"is_valid":false)",
            "expired/session_expired", Lifetime::kFinite},
        DeadCase{
            "ExpiredByDateAlone",
            kMetadata +
                R"("error":{"code":190,"message":"x"},"expires_at":1668613551,"is_valid":false)",
            "expired/session_expired", Lifetime::kFinite},
        DeadCase{"ExpiredWithoutError", kMetadata + R"("expires_at":1668613551,"is_valid":false)",
                 "expired/session_expired", Lifetime::kFinite},
        DeadCase{
            "PasswordChanged",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":460},"expires_at":0,"is_valid":false,"scopes":["email"])",
            "revoked/password_changed", Lifetime::kNever},
        DeadCase{
            "SubcodeOfTheOtherSpelling",
            kMetadata +
                R"("error":{"code":190,"message":"x","error_subcode":460},"expires_at":0,"is_valid":false)",
            "revoked/password_changed", Lifetime::kNever},
        DeadCase{
            "RevokedByApi",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":466},"expires_at":1797760800,"is_valid":false,"scopes":[])",
            "revoked/revoked_by_api", Lifetime::kFinite},
        DeadCase{
            "LoggedOut",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":467},"expires_at":1797760800,"is_valid":false)",
            "revoked/logged_out", Lifetime::kFinite},
        DeadCase{"AppRemoved",
                 kMetadata + R"("error":{"code":190,"message":"x","subcode":458},"is_valid":false)",
                 "revoked/app_removed", Lifetime::kUnknown},
        DeadCase{
            "RoleLost",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":492},"expires_at":0,"is_valid":false)",
            "revoked/role_lost", Lifetime::kNever},
        DeadCase{
            "Checkpoint",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":459},"expires_at":0,"is_valid":false)",
            "restricted/user_checkpoint", Lifetime::kNever},
        DeadCase{
            "Unconfirmed",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":464},"expires_at":0,"is_valid":false)",
            "restricted/user_checkpoint", Lifetime::kNever},
        DeadCase{
            "NinetyDays",
            kMetadata +
                R"("error":{"code":190,"message":"x","subcode":493},"expires_at":0,"is_valid":false)",
            "expired/data_access_expired", Lifetime::kNever},
        DeadCase{
            "Damaged",
            R"("error":{"code":190,"message":"The access token could not be decrypted"},"is_valid":false,"scopes":[])",
            "malformed/undecryptable", Lifetime::kUnknown},
        DeadCase{
            "Junk",
            R"("error":{"code":190,"message":"Invalid OAuth access token - Cannot parse access token"},"is_valid":false,"scopes":[])",
            "malformed/cannot_parse", Lifetime::kUnknown},
        DeadCase{
            "WrongSignature",
            R"("error":{"code":190,"message":"Invalid OAuth access token signature."},"is_valid":false,"scopes":[])",
            "malformed/bad_signature", Lifetime::kUnknown},
        DeadCase{
            "UnknownApp",
            R"("error":{"code":190,"message":"Error validating application. Cannot get application info due to a system error."},"is_valid":false,"scopes":[])",
            "restricted/app_restricted", Lifetime::kUnknown},
        DeadCase{"UnknownCode",
                 kMetadata + R"("error":{"code":424242,"message":"x"},"is_valid":false)",
                 "revoked/session_invalid", Lifetime::kUnknown},
        DeadCase{"NoCodeAtAll", kMetadata + R"("error":{"message":"x"},"is_valid":false)",
                 "revoked/session_invalid", Lifetime::kUnknown},
        DeadCase{"ErrorIsNull", kMetadata + R"("error":null,"is_valid":false)",
                 "revoked/session_invalid", Lifetime::kUnknown},
        DeadCase{"TransientCode",
                 kMetadata + R"("error":{"code":2,"message":"x"},"is_valid":false)",
                 "indeterminate/outage", Lifetime::kUnknown}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(DebugToken, AnAppTokenOfAnUnknownAppIsAnotherApps) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kAny;
  bench.spec.meta.app_id = "";
  bench.http.Answer(
      "debug_token", 200,
      R"({"data":{"error":{"code":190,"message":"Error validating application."},"is_valid":false}})");
  EXPECT_EQ(Words(bench.Inspect("123|abc")), "wrong_identity/other_app");
}

TEST(DebugToken, KeepsTheFactsOfADeadToken) {
  Bench bench;
  bench.http.Answer("debug_token", 200, R"({"data":{"app_id":100000000000001,"type":"USER",
      "error":{"code":190,"message":"x","subcode":463},"expires_at":1668613551,"is_valid":false,
      "issued_at":1663429551,"scopes":["email","public_profile"],"user_id":9007199254740993123}})");
  const Observation seen = bench.Inspect();
  EXPECT_EQ(seen.facts.app_id, kAppId) << "numbers are identifiers too";
  EXPECT_EQ(seen.facts.user_id, "9007199254740993123");
  EXPECT_EQ(seen.facts.expires_at, FromUnix(1668613551));
  EXPECT_EQ(seen.facts.scopes.size(), 2u);
  EXPECT_EQ(seen.evidence.code, 190);
  EXPECT_EQ(seen.evidence.subcode, 463);
}

struct LifetimeCase {
  const char* name;
  std::string data;
  Lifetime lifetime;
};
class Lifetimes : public testing::TestWithParam<LifetimeCase> {};
TEST_P(Lifetimes, AreNeverInvented) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kAny;
  bench.http.Answer("debug_token", 200, R"({"data":{"is_valid":true,)" + GetParam().data + "}}");
  const Observation seen = bench.Inspect();
  EXPECT_EQ(seen.verdict, Verdict::kValid) << Words(seen);
  EXPECT_EQ(seen.facts.lifetime, GetParam().lifetime);
  EXPECT_EQ(seen.facts.expires_at.has_value(), GetParam().lifetime == Lifetime::kFinite);
}
INSTANTIATE_TEST_SUITE_P(
    DebugToken, Lifetimes,
    testing::Values(
        LifetimeCase{"ZeroIsNever", R"("type":"SYSTEM_USER","expires_at":0)", Lifetime::kNever},
        LifetimeCase{"AbsentIsUnknown", R"("type":"USER")", Lifetime::kUnknown},
        LifetimeCase{"AbsentOnAnAppTokenIsNever", R"("type":"APP","scopes":[])", Lifetime::kNever},
        LifetimeCase{"NullIsUnknown", R"("type":"USER","expires_at":null)", Lifetime::kUnknown},
        LifetimeCase{"NegativeIsUnknown", R"("type":"USER","expires_at":-5)", Lifetime::kUnknown},
        LifetimeCase{"AFractionIsUnknown", R"("type":"USER","expires_at":1797760800.5)",
                     Lifetime::kUnknown},
        LifetimeCase{"AHugeNumberIsUnknown", R"("type":"USER","expires_at":99999999999999)",
                     Lifetime::kUnknown},
        LifetimeCase{"TextIsANumberToo", R"("type":"USER","expires_at":"1797760800")",
                     Lifetime::kFinite},
        LifetimeCase{"OfDuplicatesTheLastWins",
                     R"("type":"USER","expires_at":0,"expires_at":1797760800)", Lifetime::kFinite}),
    [](const auto& instance) { return std::string(instance.param.name); });

struct IdentityCase {
  const char* name;
  std::function<void(MetaSpec&)> want;
  const char* words;
};
class Identities : public testing::TestWithParam<IdentityCase> {};
TEST_P(Identities, AreCompared) {
  Bench bench;
  GetParam().want(bench.spec.meta);
  bench.http.Answer("debug_token", 200, LivingBody(R"(,"profile_id":"600000000000001")"));
  EXPECT_EQ(Words(bench.Inspect()), GetParam().words);
}
INSTANTIATE_TEST_SUITE_P(
    DebugToken, Identities,
    testing::Values(
        IdentityCase{"App", [](MetaSpec& meta) { meta.app_id = "100000000000002"; },
                     "wrong_identity/other_app"},
        IdentityCase{"Kind", [](MetaSpec& meta) { meta.kind = MetaKind::kPage; },
                     "wrong_identity/other_kind"},
        IdentityCase{"User", [](MetaSpec& meta) { meta.user_id = "300000000000002"; },
                     "wrong_identity/other_user"},
        IdentityCase{"Page", [](MetaSpec& meta) { meta.page_id = "600000000000002"; },
                     "wrong_identity/other_user"},
        IdentityCase{"AllMatch",
                     [](MetaSpec& meta) {
                       meta.user_id = kUserId;
                       meta.page_id = "600000000000001";
                     },
                     "valid/confirmed"},
        IdentityCase{"ScopeThere",
                     [](MetaSpec& meta) { meta.required_scopes = {"whatsapp_business_messaging"}; },
                     "valid/confirmed"},
        IdentityCase{"ScopeMissing", [](MetaSpec& meta) { meta.required_scopes = {"ads_read"}; },
                     "under_scoped/scope_missing"},
        IdentityCase{"IdentityBeforeScope",
                     [](MetaSpec& meta) {
                       meta.required_scopes = {"ads_read"};
                       meta.user_id = "1";
                     },
                     "wrong_identity/other_user"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(DebugToken, NamesTheMissingScopes) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_messaging", "ads_read", "leads_retrieval"};
  bench.http.Answer("debug_token", 200, LivingBody());
  const Observation seen = bench.Inspect();
  EXPECT_EQ(seen.missing_scopes, (std::vector<std::string>{"ads_read", "leads_retrieval"}));
  EXPECT_NE(seen.message.find("ads_read, leads_retrieval"), std::string::npos);
}

TEST(DebugToken, TheFlatListDecidesWhenGranularScopesLoseAnEntry) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_management"};
  bench.http.Answer("debug_token", 200, R"({"data":{"app_id":"100000000000001","type":"SYSTEM_USER",
      "expires_at":0,"is_valid":true,"scopes":["whatsapp_business_management","business_management"],
      "granular_scopes":[{"scope":"business_management"}],"user_id":"300000000000001"}})");
  EXPECT_EQ(Words(bench.Inspect()), "valid/confirmed");
}

// A permission may be granted for some accounts only. Where an account is configured, reading it
// decides (the tests of the assets); where none is, only a grant for nothing at all is known to be
// wrong.
std::string GrantedFor(const std::string& targets) {
  return R"({"data":{"app_id":"100000000000001","type":"SYSTEM_USER","expires_at":0,"is_valid":true,
      "scopes":["whatsapp_business_management","whatsapp_business_messaging"],"granular_scopes":[
      {"scope":"whatsapp_business_messaging","target_ids":)" +
         targets + R"(},{"scope":"whatsapp_business_management"}],"user_id":"300000000000001"}})";
}

TEST(DebugToken, APermissionThatIsGrantedForNoAssetIsAFinding) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_messaging"};
  bench.http.Answer("debug_token", 200, GrantedFor("[]"));
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed");
  const Finding* finding = FindFinding(seen, "scope_without_asset");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::kWarn);
  EXPECT_NE(finding->message.find("whatsapp_business_messaging"), std::string::npos);
}

TEST(DebugToken, APermissionThatNobodyRequiresMayBeGrantedForNothing) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_management"};
  bench.http.Answer("debug_token", 200, GrantedFor("[]"));
  EXPECT_EQ(FindFinding(bench.Inspect(), "scope_without_asset"), nullptr);
}

TEST(DebugToken, TargetsThatAreNoIdentifiersAreNoGrantForNothing) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_messaging"};
  for (const char* targets :
       {"null", "\"x\"", "{}", "[\"200000000000001\"]", "[200000000000001]"}) {
    bench.http.Answer("debug_token", 200, GrantedFor(targets));
    EXPECT_EQ(FindFinding(bench.Inspect(), "scope_without_asset"), nullptr) << targets;
  }
}

TEST(DebugToken, DataAccessInThePastRestrictsALivingToken) {
  Bench bench;
  bench.http.Answer("debug_token", 200, LivingBody(R"(,"data_access_expires_at":1795168000)"));
  EXPECT_EQ(Words(bench.Inspect()), "restricted/data_access_expired");
}

TEST(DebugToken, DataAccessInTheFutureIsAClock) {
  Bench bench;
  bench.http.Answer("debug_token", 200, LivingBody(R"(,"data_access_expires_at":1796168800)"));
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "valid/confirmed");
  const Deadline deadline = EarliestDeadline(seen.facts);
  EXPECT_EQ(deadline.reason, DeadlineReason::kDataAccessExpiry);
  EXPECT_EQ(deadline.at, FromUnix(1796168800));
}

TEST(DebugToken, ADateThatIsNowIsOver) {
  Bench bench;
  bench.now = FromUnix(1797760800);
  bench.http.Answer("debug_token", 200, LivingBody());
  EXPECT_EQ(Words(bench.Inspect()), "expired/session_expired");
}

TEST(DebugToken, AWrongClockIsClockOnlyWhereTheAnswerDependsOnIt) {
  const CannedHttp::Headers at_ten = {{"date", "Fri, 20 Nov 2026 10:00:00 GMT"}};
  {
    Bench bench;  // our clock is forty days ahead, so the token looks expired to us
    bench.now += 40 * kDay;
    bench.http.Answer("debug_token", 200, LivingBody(), at_ten);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), "indeterminate/clock");
    EXPECT_EQ(seen.clock_skew, 40 * kDay);
  }
  {
    Bench bench;  // an hour ahead: valid by both clocks
    bench.now += kHour;
    bench.http.Answer("debug_token", 200, LivingBody(), at_ten);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), "valid/confirmed");
    EXPECT_EQ(seen.clock_skew, kHour);
    EXPECT_NE(FindFinding(seen, "clock_skew"), nullptr);
  }
  {
    Bench bench;  // four minutes are tolerated
    bench.now += 4 * kMinute;
    bench.http.Answer("debug_token", 200, LivingBody(), at_ten);
    EXPECT_EQ(FindFinding(bench.Inspect(), "clock_skew"), nullptr);
  }
  {
    Bench bench;  // dead is dead, whatever our clock says
    bench.now += 40 * kDay;
    bench.http.Answer(
        "debug_token", 200,
        R"({"data":{"is_valid":false,"expires_at":1797760800,"error":{"code":190,"subcode":466}}})",
        at_ten);
    EXPECT_EQ(Words(bench.Inspect()), "revoked/revoked_by_api");
  }
}

struct UnusableCase {
  const char* name;
  int status;
  std::string body;
  const char* words;
};
class UnusableReplies : public testing::TestWithParam<UnusableCase> {};
TEST_P(UnusableReplies, AreNeverAConclusion) {
  for (const bool with_secret : {true, false}) {
    Bench bench;
    if (!with_secret) bench.app_secret.reset();
    bench.http.Answer("debug_token", GetParam().status, GetParam().body);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), GetParam().words);
    EXPECT_EQ(seen.evidence.http_status, GetParam().status);
    EXPECT_EQ(seen.facts.lifetime, Lifetime::kUnknown);
  }
}
INSTANTIATE_TEST_SUITE_P(
    DebugToken, UnusableReplies,
    testing::Values(
        UnusableCase{"Html502", 502, "<html><h1>502</h1></html>", "indeterminate/outage"},
        UnusableCase{"Empty500", 500, "", "indeterminate/outage"},
        UnusableCase{"Html200", 200, "<!DOCTYPE html><html>Log in to WiFi</html>",
                     "indeterminate/blocked"},
        UnusableCase{"Html403", 403, "<html>Access denied</html>", "indeterminate/blocked"},
        UnusableCase{"Redirect", 302, "", "indeterminate/blocked"},
        UnusableCase{"Portal", 511, "<html></html>", "indeterminate/blocked"},
        UnusableCase{"Throttled", 429, "slow down", "indeterminate/rate_limited"},
        UnusableCase{"UnavailableText", 200, "Service Unavailable", "indeterminate/outage"},
        UnusableCase{"Empty200", 200, "", "indeterminate/bad_reply"},
        UnusableCase{"BareTrue", 200, "true", "indeterminate/bad_reply"},
        UnusableCase{"AList", 200, "[]", "indeterminate/bad_reply"},
        UnusableCase{"NoData", 200, "{}", "indeterminate/bad_reply"},
        UnusableCase{"NullData", 200, R"({"data":null})", "indeterminate/bad_reply"},
        UnusableCase{"NoVerdict", 200, R"({"data":{"app_id":"1"}})", "indeterminate/bad_reply"},
        UnusableCase{"VerdictIsText", 200, R"({"data":{"is_valid":"false"}})",
                     "indeterminate/bad_reply"},
        UnusableCase{"ErrorWithoutCode", 400, R"({"error":{"message":"x"}})",
                     "indeterminate/bad_reply"},
        UnusableCase{"ErrorIsText", 400, R"({"error":"invalid_request"})",
                     "indeterminate/bad_reply"},
        UnusableCase{"TransientUnknownCode", 400,
                     ErrorBody(987654, {}, "x", R"(,"is_transient":true)"), "indeterminate/outage"},
        UnusableCase{"Code4", 400, ErrorBody(4, {}, "(#4) Application request limit reached"),
                     "indeterminate/rate_limited"},
        UnusableCase{"Code4On200", 200, ErrorBody(4, {}, "(#4) limit"),
                     "indeterminate/rate_limited"},
        UnusableCase{"Code2", 500, ErrorBody(2, {}, "(#2) Service temporarily unavailable"),
                     "indeterminate/outage"},
        UnusableCase{"Code80008", 400, ErrorBody(80008, {}, "x"), "indeterminate/rate_limited"},
        UnusableCase{"AddressNotListed", 400, ErrorBody(5, {}, "x"), "indeterminate/blocked"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(DebugToken, TransportFailuresAreIndeterminate) {
  const std::pair<const char*, const char*> cases[] = {
      {"dns", "indeterminate/outage"},
      {"connect", "indeterminate/outage"},
      {"connection_lost", "indeterminate/outage"},
      {"timeout", "indeterminate/outage"},
      {"stopping", "indeterminate/outage"},
      {"tls", "indeterminate/blocked"},
      {"proxy", "indeterminate/blocked"},
      {"body_too_large", "indeterminate/bad_reply"},
      {"plain_http", "indeterminate/not_configured"}};
  for (const auto& [reason, words] : cases) {
    Bench bench;
    bench.http.Fail("debug_token", ErrorKind::kUnavailable, reason);
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), words) << reason;
    EXPECT_EQ(seen.evidence.endpoint, "debug_token");
    EXPECT_FALSE(seen.evidence.http_status);
    EXPECT_EQ(bench.http.sent().size(), 1u) << reason << ": silence is not asked again";
  }
}

TEST(DebugToken, ReadsAByteOrderMarkAndEscapes) {
  Bench bench;
  bench.http.Answer(
      "debug_token", 200,
      "\xEF\xBB\xBF"
      R"({"data":{"application":"A\/\u00e9\ud83d\ude00","app_id":"100000000000001","type":"SYSTEM_USER","is_valid":true,"expires_at":0,"more":{"x":[1,2]}}})");
  EXPECT_EQ(Words(bench.Inspect()), "valid/confirmed");
}

}  // namespace
}  // namespace tokenwarden::meta
