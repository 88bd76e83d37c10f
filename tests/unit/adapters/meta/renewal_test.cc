#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

Observation Seen(const std::string& kind, Lifetime lifetime, Verdict verdict = Verdict::kValid) {
  Observation seen;
  seen.verdict = verdict;
  seen.reason = Reason::kConfirmed;
  seen.facts.kind = kind;
  seen.facts.lifetime = lifetime;
  seen.facts.scopes = {"whatsapp_business_messaging", "business_management"};
  if (lifetime == Lifetime::kFinite) seen.facts.expires_at = FromUnix(1797760800);
  return seen;
}

Result<Renewal> Build(Bench& bench, const Observation& seen) {
  return bench.provider->BuildRenewal(bench.context(), Secret(FakeToken()), seen);
}

std::map<std::string, std::string> FormOf(const HttpRequest& request) {
  std::map<std::string, std::string> form;
  for (const auto& [name, value] : request.form) form[name] = value.Reveal();
  return form;
}

TEST(Renewal, ASystemUserTokenIsExchangedByPostWithTheSixtyDayFlag) {
  Bench bench;
  const auto renewal = Build(bench, Seen("system_user", Lifetime::kFinite));
  ASSERT_TRUE(renewal) << renewal.error().message;
  const auto& request = std::get<HttpRequest>(*renewal);
  EXPECT_EQ(request.method, HttpRequest::Method::kPost);
  EXPECT_EQ(request.url, "https://graph.facebook.com/v25.0/oauth/access_token");
  EXPECT_TRUE(request.exactly_once);
  EXPECT_TRUE(request.query.empty());
  EXPECT_FALSE(request.bearer);
  const std::map<std::string, std::string> expected = {{"grant_type", "fb_exchange_token"},
                                                       {"client_id", kAppId},
                                                       {"client_secret", FakeAppSecret()},
                                                       {"fb_exchange_token", FakeToken()},
                                                       {"set_token_expires_in_60_days", "true"}};
  EXPECT_EQ(FormOf(request), expected);
}

TEST(Renewal, AUserTokenIsExchangedWithoutTheFlag) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kAny;
  const auto renewal = Build(bench, Seen("user", Lifetime::kFinite));
  ASSERT_TRUE(renewal);
  EXPECT_EQ(FormOf(std::get<HttpRequest>(*renewal)).count("set_token_expires_in_60_days"), 0u);
}

struct RefusalCase {
  const char* name;
  MetaKind kind;
  Observation seen;
  bool with_secret;
  const char* reason;
};
TEST(Renewal, WhatCannotBeExchangedIsRefusedBeforeAnythingIsSent) {
  const RefusalCase cases[] = {
      {"never", MetaKind::kSystemUser, Seen("system_user", Lifetime::kNever), true,
       "never_expires"},
      {"never, kind unknown", MetaKind::kAny, Seen("", Lifetime::kNever), true, "never_expires"},
      {"never, user", MetaKind::kUser, Seen("user", Lifetime::kNever), true, "never_expires"},
      {"unknown expiry", MetaKind::kSystemUser, Seen("system_user", Lifetime::kUnknown), true,
       "unknown_expiry"},
      {"unknown kind", MetaKind::kAny, Seen("", Lifetime::kFinite), true, "unknown_kind"},
      {"expired", MetaKind::kUser, Seen("user", Lifetime::kFinite, Verdict::kExpired), true,
       "dead"},
      {"revoked", MetaKind::kUser, Seen("user", Lifetime::kFinite, Verdict::kRevoked), true,
       "dead"},
      {"no secret", MetaKind::kUser, Seen("user", Lifetime::kFinite), false, "no_app_secret"},
      {"no parent", MetaKind::kPage, Seen("page", Lifetime::kNever), true, "no_parent_token"},
      {"app without secret", MetaKind::kApp, Seen("app", Lifetime::kNever), false, "no_app_secret"},
  };
  for (const RefusalCase& each : cases) {
    Bench bench;
    bench.spec.meta.kind = each.kind;
    if (!each.with_secret) bench.app_secret.reset();
    const auto renewal = Build(bench, each.seen);
    ASSERT_FALSE(renewal) << each.name;
    EXPECT_EQ(renewal.error().kind, ErrorKind::kFailedPrecondition) << each.name;
    EXPECT_EQ(renewal.error().reason, each.reason) << each.name;
    const Capabilities can = bench.provider->CapabilitiesOf(bench.context(), &each.seen);
    EXPECT_FALSE(can.can_refresh) << each.name;
    EXPECT_FALSE(can.cannot_refresh_why.empty()) << each.name;
  }
}

TEST(Renewal, ASystemUserTokenIsGeneratedWhenAGeneratorIsConfigured) {
  Bench bench;
  bench.spec.meta.generate_system_user_id = "300000000000009";
  bench.spec.meta.generate_scopes = {"whatsapp_business_messaging", "whatsapp_business_management"};
  bench.generate_token = Secret(FakeToken("Generator"));
  // Also of a dead token: the old value takes no part in it.
  const auto renewal = Build(bench, Seen("system_user", Lifetime::kFinite, Verdict::kExpired));
  ASSERT_TRUE(renewal) << renewal.error().message;
  const auto& request = std::get<HttpRequest>(*renewal);
  EXPECT_EQ(request.url, "https://graph.facebook.com/v25.0/300000000000009/access_tokens");
  EXPECT_EQ(request.method, HttpRequest::Method::kPost);
  EXPECT_TRUE(request.exactly_once);
  EXPECT_EQ(request.bearer->Reveal(), FakeToken("Generator"));
  ASSERT_EQ(request.query.size(), 1u);
  EXPECT_EQ(request.query[0].first, "appsecret_proof");
  EXPECT_EQ(request.query[0].second.Reveal(),
            bench.mac->HmacSha256Hex(FakeAppSecret(), FakeToken("Generator")));
  const std::map<std::string, std::string> expected = {
      {"business_app", kAppId},
      {"scope", "whatsapp_business_messaging,whatsapp_business_management"},
      {"set_token_expires_in_60_days", "true"}};
  EXPECT_EQ(FormOf(request), expected);
}

TEST(Renewal, AGeneratedTokenKeepsTheScopesAndTheNeverOfTheOldOne) {
  Bench bench;
  bench.spec.meta.generate_system_user_id = "300000000000009";
  bench.generate_token = Secret(FakeToken("Generator"));
  const auto renewal = Build(bench, Seen("system_user", Lifetime::kNever));
  ASSERT_TRUE(renewal);
  const auto form = FormOf(std::get<HttpRequest>(*renewal));
  EXPECT_EQ(form.at("scope"), "whatsapp_business_messaging,business_management");
  EXPECT_EQ(form.count("set_token_expires_in_60_days"), 0u);
}

TEST(Renewal, APageTokenIsReadFromThePageWithItsParentsToken) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kPage;
  bench.parent_token = Secret(FakeToken("Parent"));
  Observation seen = Seen("page", Lifetime::kNever, Verdict::kRevoked);
  seen.facts.profile_id = "600000000000001";
  const auto renewal = Build(bench, seen);
  ASSERT_TRUE(renewal) << renewal.error().message;
  const auto& request = std::get<HttpRequest>(*renewal);
  EXPECT_EQ(request.method, HttpRequest::Method::kGet);
  EXPECT_EQ(request.url, "https://graph.facebook.com/v25.0/600000000000001");
  EXPECT_TRUE(request.exactly_once);
  EXPECT_EQ(request.bearer->Reveal(), FakeToken("Parent"));
  std::map<std::string, std::string> query;
  for (const auto& [name, value] : request.query) query[name] = value.Reveal();
  EXPECT_EQ(query.at("fields"), "access_token");
  EXPECT_EQ(query.at("appsecret_proof"),
            bench.mac->HmacSha256Hex(FakeAppSecret(), FakeToken("Parent")));
  bench.spec.meta.page_id = "600000000000002";
  EXPECT_NE(std::get<HttpRequest>(*Build(bench, seen)).url.find("600000000000002"),
            std::string::npos);
}

TEST(Renewal, AnAppTokenIsRebuiltHere) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kApp;
  const auto renewal = Build(bench, Seen("app", Lifetime::kNever));
  ASSERT_TRUE(renewal);
  EXPECT_EQ(std::get<Secret>(*renewal).Reveal(), std::string(kAppId) + "|" + FakeAppSecret());
}

TEST(Renewal, TheRotationModelSaysWhatARepeatWouldDo) {
  Bench bench;
  const Observation finite = Seen("system_user", Lifetime::kFinite);
  const Capabilities exchange = bench.provider->CapabilitiesOf(bench.context(), &finite);
  EXPECT_TRUE(exchange.can_refresh);
  EXPECT_EQ(exchange.rotation_model, RotationModel::kGraceFork);
  bench.spec.meta.kind = MetaKind::kApp;
  EXPECT_EQ(bench.provider->CapabilitiesOf(bench.context(), nullptr).rotation_model,
            RotationModel::kGraceSame);
}

TEST(Renewal, LanesAreSharedByTheAppAndItsAddress) {
  Bench bench;
  EXPECT_EQ(bench.provider->LaneOf(bench.spec), "meta|https://graph.facebook.com|100000000000001");
  bench.spec.meta.endpoint = "http://127.0.0.1:1/";
  EXPECT_EQ(bench.provider->LaneOf(bench.spec), "meta|http://127.0.0.1:1|100000000000001");
}

TEST(Renewal, TheAddressOfTheEnvironmentGoesBeforeTheFileAndTheFileBeforeThePublicOne) {
  Bench bench;
  const auto overridden = MakeProvider(*bench.mac, Options{"http://localhost:2"});
  for (const char* in_file : {"", "http://127.0.0.1:1/"}) {
    bench.spec.meta.endpoint = in_file;
    EXPECT_EQ(overridden->LaneOf(bench.spec), "meta|http://localhost:2|100000000000001");
  }
  EXPECT_EQ(bench.provider->LaneOf(bench.spec), "meta|http://127.0.0.1:1|100000000000001");
}

TEST(Renewal, ADeadTokenCanBeReplacedByWhatDoesNotNeedIt) {
  const auto can = [](const Bench& bench, const char* kind) {
    const Observation dead = Seen(kind, Lifetime::kFinite, Verdict::kRevoked);
    return bench.provider->CapabilitiesOf(bench.context(), &dead).can_replace_dead;
  };
  Bench bench;
  EXPECT_FALSE(can(bench, "system_user"));
  bench.spec.meta.generate_system_user_id = kUserId;
  EXPECT_FALSE(can(bench, "system_user")) << "nobody may generate";
  bench.generate_token = Secret(FakeToken("gen"));
  EXPECT_TRUE(can(bench, "system_user"));
  bench.spec.meta.kind = MetaKind::kPage;
  bench.spec.meta.page_id = "600000000000001";
  EXPECT_FALSE(can(bench, "page")) << "there is no parent";
  bench.parent_token = Secret(FakeToken("parent"));
  EXPECT_TRUE(can(bench, "page"));
  bench.spec.meta.kind = MetaKind::kApp;
  EXPECT_TRUE(can(bench, "app"));
  bench.app_secret.reset();
  EXPECT_FALSE(can(bench, "app")) << "there is nothing to build it from";
}

TEST(Renewal, WhereTheKindIsNotKnownTheConfiguredWayTellsIt) {
  const Observation pasted = Seen("", Lifetime::kUnknown, Verdict::kMalformed);
  Bench bench;
  bench.spec.meta.kind = MetaKind::kAny;
  EXPECT_FALSE(bench.provider->CapabilitiesOf(bench.context(), &pasted).can_replace_dead);
  bench.spec.meta.page_id = "600000000000001";
  bench.parent_token = Secret(FakeToken("parent"));
  EXPECT_TRUE(bench.provider->CapabilitiesOf(bench.context(), &pasted).can_replace_dead);
  EXPECT_EQ(std::get<HttpRequest>(*Build(bench, pasted)).endpoint_name, "page_token");
  bench.spec.meta.generate_system_user_id = kUserId;
  bench.generate_token = Secret(FakeToken("gen"));
  EXPECT_EQ(std::get<HttpRequest>(*Build(bench, pasted)).endpoint_name, "generate");
}

TEST(Renewal, ALivingExchangeIsNoReplacementForADeadToken) {
  Bench bench;
  const Observation alive = Seen("system_user", Lifetime::kFinite);
  const Capabilities capabilities = bench.provider->CapabilitiesOf(bench.context(), &alive);
  EXPECT_TRUE(capabilities.can_refresh);
  EXPECT_FALSE(capabilities.can_replace_dead);
}

TEST(Renewal, ADeadTokenOfUnknownKindIsRefusedForBeingDead) {
  Bench bench;
  bench.spec.meta.kind = MetaKind::kAny;
  const auto renewal = Build(bench, Seen("", Lifetime::kUnknown, Verdict::kMalformed));
  ASSERT_FALSE(renewal);
  EXPECT_EQ(renewal.error().reason, "dead");
}

// ---- replies ----

Result<RenewedValue> Parse(int status, std::string body) {
  Bench bench;
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return bench.provider->ParseRenewal(reply);
}

struct GoodReply {
  const char* name;
  const char* body;
  const char* token;
  std::optional<Seconds> expires_in;
};
TEST(RenewalReply, EveryVariantIsRead) {
  const GoodReply cases[] = {
      {"documented", R"({"access_token":"new1","token_type":"bearer","expires_in":5183944})",
       "new1", Seconds(5183944)},
      {"no expires_in", R"({"access_token":"new1","token_type":"bearer"})", "new1", {}},
      {"expires", R"({"access_token":"new1","expires":5183944})", "new1", Seconds(5183944)},
      {"as text", R"({"access_token":"new1","expires_in":"5183944"})", "new1", Seconds(5183944)},
      {"zero", R"({"access_token":"new1","expires_in":0})", "new1", {}},
      {"null", R"({"access_token":"new1","expires_in":null})", "new1", {}},
      {"negative", R"({"access_token":"new1","expires_in":-1})", "new1", {}},
      {"fraction", R"({"access_token":"new1","expires_in":3600.9})", "new1", {}},
      {"huge", R"({"access_token":"new1","expires_in":1e30})", "new1", {}},
      {"wrapped", R"({"data":{"access_token":"new1"}})", "new1", {}},
      {"page", R"({"access_token":"new1","id":"600000000000001"})", "new1", {}},
      {"escaped", R"({"access_token":"a\/b\u0041"})", "a/bA", {}},
      {"byte-order mark", "\xEF\xBB\xBF{\"access_token\":\"new1\"}", "new1", {}},
      {"duplicates", R"({"access_token":"old","access_token":"new1"})", "new1", {}},
      {"legacy", "access_token=new1&expires=5183944", "new1", Seconds(5183944)},
      {"legacy, encoded", "access_token=1%7Cnew&expires=10\n", "1|new", Seconds(10)},
      {"legacy, no expiry", "access_token=new1", "new1", {}},
      {"legacy, odd expiry", "access_token=new1&expires=soon", "new1", {}},
  };
  for (const GoodReply& each : cases) {
    const auto renewed = Parse(200, each.body);
    ASSERT_TRUE(renewed) << each.name << ": " << renewed.error().message;
    EXPECT_EQ(renewed->value.Reveal(), each.token) << each.name;
    EXPECT_EQ(renewed->expires_in, each.expires_in) << each.name;
  }
}

struct BadReply {
  const char* name;
  int status;
  std::string body;
  ErrorKind kind;
  const char* reason;
};
TEST(RenewalReply, FailuresSayWhoseTurnItIs) {
  const BadReply cases[] = {
      {"no token", 200, R"({"token_type":"bearer"})", ErrorKind::kUnavailable, "bad_reply"},
      {"empty token", 200, R"({"access_token":""})", ErrorKind::kUnavailable, "bad_reply"},
      {"token is a number", 200, R"({"access_token":5})", ErrorKind::kUnavailable, "bad_reply"},
      {"token with a space", 200, R"({"access_token":"a b"})", ErrorKind::kUnavailable,
       "bad_reply"},
      {"cut", 200, R"({"access_token":"new)", ErrorKind::kUnavailable, "bad_reply"},
      {"html", 200, "<html>", ErrorKind::kUnavailable, "blocked"},
      {"empty", 200, "", ErrorKind::kUnavailable, "bad_reply"},
      {"legacy without value", 200, "access_token=&expires=5", ErrorKind::kUnavailable,
       "bad_reply"},
      {"html 502", 502, "<html>", ErrorKind::kUnavailable, "outage"},
      {"redirect", 302, "", ErrorKind::kUnavailable, "blocked"},
      {"token beside a failure status", 500, R"({"access_token":"new1"})", ErrorKind::kUnavailable,
       "outage"},
      {"expired", 400, ErrorBody(190, 463, "x"), ErrorKind::kFailedPrecondition, "session_expired"},
      {"revoked", 400, ErrorBody(190, 466, "x"), ErrorKind::kFailedPrecondition, "revoked_by_api"},
      {"other app", 400, ErrorBody(1, {}, "The access token does not belong to application 1"),
       ErrorKind::kFailedPrecondition, "other_app"},
      {"wrong secret", 400, ErrorBody(1, {}, "Error validating client secret."),
       ErrorKind::kInvalidArgument, "inspector"},
      {"unknown app", 400, ErrorBody(101, {}, "Error validating application."),
       ErrorKind::kInvalidArgument, "inspector"},
      {"throttled", 400, ErrorBody(4, {}, "x"), ErrorKind::kResourceExhausted, "rate_limited"},
      {"throttled, 429", 429, "", ErrorKind::kResourceExhausted, "rate_limited"},
      {"down", 500, ErrorBody(2, {}, "x"), ErrorKind::kUnavailable, "outage"},
      {"unknown and transient", 400, ErrorBody(5555, {}, "x", R"(,"is_transient":true)"),
       ErrorKind::kUnavailable, "outage"},
      {"error on 200", 200, ErrorBody(190, 460, "x"), ErrorKind::kFailedPrecondition,
       "password_changed"},
      {"bad scope", 400, ErrorBody(3962, {}, "x"), ErrorKind::kFailedPrecondition, "scope_missing"},
      {"flag missing", 400, ErrorBody(100, {}, "set_token_expires_in_60_days is required"),
       ErrorKind::kFailedPrecondition, "bad_reply"},
  };
  for (const BadReply& each : cases) {
    const auto renewed = Parse(each.status, each.body);
    ASSERT_FALSE(renewed) << each.name;
    EXPECT_EQ(renewed.error().kind, each.kind) << each.name;
    EXPECT_EQ(renewed.error().reason, each.reason) << each.name;
    EXPECT_FALSE(renewed.error().message.empty()) << each.name;
  }
}

TEST(RenewalReply, ErrorsNeverRepeatTheIssuersWords) {
  const auto renewed = Parse(400, ErrorBody(190, {}, "Malformed access token planted-echo"));
  ASSERT_FALSE(renewed);
  EXPECT_EQ((renewed.error().message + renewed.error().action).find("planted-echo"),
            std::string::npos);
  EXPECT_NE(renewed.error().message.find("code 190"), std::string::npos);
}

}  // namespace
}  // namespace tokenwarden::meta
