// Quotas, clocks, versions and other oddities around a living token.
#include <gtest/gtest.h>

#include "agent/adapters/meta/http_date.h"
#include "agent/adapters/meta/rate_limit.h"
#include "agent/adapters/meta/versions.h"
#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

constexpr const char* kBusinessHeader =
    R"({"200000000000001":[{"type":"whatsapp_business_management","call_count":40,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":0},)"
    R"({"type":"whatsapp","call_count":100,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":19}],)"
    R"("200000000000002":[{"type":"messenger","call_count":7,"estimated_time_to_regain_access":3}]})";

Usage Read(CannedHttp::Headers headers) {
  HttpReply reply;
  reply.headers = std::move(headers);
  return ReadUsage(reply, FromUnix(1795168800));
}

TEST(RateLimit, TakesTheHighestOfAllCountersAndEntries) {
  EXPECT_EQ(
      Read({{"x-app-usage", R"({"call_count":28,"total_time":25,"total_cputime":112.5})"}}).percent,
      112.5);
  const Usage usage = Read({{"x-business-use-case-usage", kBusinessHeader}});
  EXPECT_EQ(usage.percent, 100);
  EXPECT_EQ(usage.regain, Seconds(19 * 60));
  EXPECT_EQ(Read({{"x-ad-account-usage", R"({"acc_id_util_pct":9.67})"}}).percent, 9.67);
}

TEST(RateLimit, IgnoresWhatItCannotRead) {
  for (const char* text :
       {"", "17%", "{", "[]", "null", R"({"call_count":"28"})", R"({"a":1})",
        R"({"a":[1,null,{"call_count":null}]})", R"({"a":{"call_count":99}})", "{\"a\":[[[[[[[["}) {
    const Usage usage =
        Read({{"x-app-usage", text}, {"x-business-use-case-usage", text}, {"retry-after", text}});
    EXPECT_EQ(usage.percent, 0) << text;
    EXPECT_FALSE(usage.regain) << text;
    EXPECT_FALSE(usage.wait) << text;
  }
}

TEST(RateLimit, HonoursRetryAfterInBothFormsAndBoundsIt) {
  EXPECT_EQ(Read({{"retry-after", "120"}}).wait, Seconds(120));
  EXPECT_EQ(Read({{"retry-after", "Fri, 20 Nov 2026 10:05:00 GMT"}}).wait, Seconds(300));
  EXPECT_EQ(Read({{"retry-after", "99999999"}}).wait, kDay);
  EXPECT_FALSE(Read({{"retry-after", "-5"}}).wait);
  EXPECT_FALSE(Read({{"retry-after", "Fri, 20 Nov 2026 09:00:00 GMT"}}).wait);
  EXPECT_EQ(WaitAfterThrottle(Read({{"retry-after", "1"}})), kMinute);
  EXPECT_EQ(WaitAfterThrottle(Usage{}), std::nullopt);
}

TEST(RateLimit, AThrottledInspectionSaysHowLongToWait) {
  Bench bench;
  bench.http.Answer("debug_token", 400, ErrorBody(80008, {}, "x"),
                    {{"x-business-use-case-usage", kBusinessHeader}});
  const Observation seen = bench.Inspect();
  EXPECT_EQ(Words(seen), "indeterminate/rate_limited");
  EXPECT_EQ(seen.retry_after, Seconds(19 * 60));
}

TEST(RateLimit, NearTheLimitIsAFinding) {
  for (const int percent : {74, 75, 100}) {
    Bench bench;
    bench.http.Answer("debug_token", 200, LivingBody(),
                      {{"x-app-usage", R"({"call_count":)" + std::to_string(percent) + "}"}});
    const Observation seen = bench.Inspect();
    EXPECT_EQ(Words(seen), "valid/confirmed");
    EXPECT_EQ(FindFinding(seen, "throttle_near") != nullptr, percent >= 75) << percent;
  }
}

TEST(HttpDate, ReadsTheOneFormInUse) {
  EXPECT_EQ(ParseHttpDate("Fri, 20 Nov 2026 10:00:00 GMT"), FromUnix(1795168800));
  for (const char* text : {"", "Fri, 20 Nov 2026 10:00:00 PST", "Friday, 20-Nov-26 10:00:00 GMT",
                           "Fri, 20 Xyz 2026 10:00:00 GMT", "Fri, 32 Nov 2026 10:00:00 GMT",
                           "Fri, 2x Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2026 25:00:00 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(text)) << text;
  }
}

TEST(Versions, SayWhenTheyStop) {
  EXPECT_EQ(SunsetOf("v22.0"), ParseUtc("2027-05-20T00:00:00Z"));
  EXPECT_FALSE(SunsetOf("v26.0"));
  EXPECT_FALSE(SunsetOf("banana"));
  EXPECT_TRUE(SunsetOf(kDefaultVersion));
}

Observation LookWithVersion(const std::string& version, CannedHttp::Headers headers = {}) {
  Bench bench;
  bench.spec.meta.api_version = version;
  bench.http.Answer("debug_token", 200, LivingBody(), std::move(headers));
  return bench.Inspect();
}

TEST(Versions, ANearSunsetIsAFindingAndAClock) {
  const Observation near = LookWithVersion("v21.0");  // until 2027-01-21
  EXPECT_NE(FindFinding(near, "version_sunset_near"), nullptr);
  ASSERT_EQ(near.facts.other_clocks.size(), 1u);
  EXPECT_EQ(near.facts.other_clocks[0].reason, DeadlineReason::kVersionSunset);
  const Observation over = LookWithVersion("v20.0");
  EXPECT_NE(FindFinding(over, "version_sunset_near")->message.find("no longer"), std::string::npos);
  const Observation far = LookWithVersion("v24.0");
  EXPECT_EQ(FindFinding(far, "version_sunset_near"), nullptr);
  EXPECT_EQ(far.facts.other_clocks.size(), 1u);
}

TEST(Versions, OurDefaultIsNoClockOfTheCredentialWhileItIsFar) {
  EXPECT_TRUE(LookWithVersion("").facts.other_clocks.empty());
}

TEST(Versions, AnotherVersionThanAskedForIsAFinding) {
  EXPECT_NE(FindFinding(LookWithVersion("v20.0", {{"facebook-api-version", "v21.0"}}),
                        "version_mismatch"),
            nullptr);
  EXPECT_EQ(FindFinding(LookWithVersion("v24.0", {{"facebook-api-version", "v24.0"}}),
                        "version_mismatch"),
            nullptr);
  EXPECT_EQ(FindFinding(LookWithVersion("v24.0", {{"facebook-api-version", "<script>"}}),
                        "version_mismatch"),
            nullptr);
}

TEST(Findings, ATemporaryTokenOfAPersonIsNamed) {
  const auto look = [](const std::string& dates) {
    Bench bench;
    bench.spec.meta.kind = MetaKind::kUser;
    bench.http.Answer(
        "debug_token", 200,
        R"({"data":{"app_id":"100000000000001","type":"USER","is_valid":true,)" + dates + "}}");
    return FindFinding(bench.Inspect(), "personal_token") != nullptr;
  };
  EXPECT_TRUE(look(R"("issued_at":1795168000,"expires_at":1795254400)"));  // a day
  EXPECT_TRUE(look(R"("expires_at":1795172400)"));  // an hour left, no issue date
  EXPECT_FALSE(look(R"("issued_at":1792576800,"expires_at":1797760800)"));  // sixty days
  EXPECT_FALSE(
      look(R"("issued_at":1790000000,"expires_at":1795172400)"));  // sixty days, nearly over
  EXPECT_FALSE(look(R"("expires_at":0)"));
}

TEST(Findings, MorePermissionsThanRequiredAreTold) {
  Bench bench;
  bench.spec.meta.required_scopes = {"whatsapp_business_messaging"};
  bench.http.Answer("debug_token", 200, LivingBody());
  const Observation seen = bench.Inspect();
  ASSERT_NE(FindFinding(seen, "too_wide_scopes"), nullptr);
  EXPECT_EQ(FindFinding(seen, "too_wide_scopes")->severity, Severity::kInfo);
}

}  // namespace
}  // namespace tokenwarden::meta
