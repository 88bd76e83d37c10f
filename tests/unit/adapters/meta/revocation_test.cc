// Ending one old token, and nothing else with it.
#include <gtest/gtest.h>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

std::string Old() { return FakeToken("OldZ"); }
std::string New() { return FakeToken("NewZ"); }

std::string DeadBody() {
  return R"({"data":{"app_id":"100000000000001","type":"SYSTEM_USER","is_valid":false,)"
         R"("error":{"code":190,"subcode":466,"message":"revoked"},"scopes":[]}})";
}

struct RevocationBench : Bench {
  RevocationBench() { http.Answer("debug_token", 200, LivingBody()); }
  Status Revoke(const std::string& old = Old(), const std::string& current = New()) {
    return provider->Revoke(context(), Secret(old), Secret(current), http);
  }
};

TEST(Revocation, PutsEverySecretIntoTheFormFirst) {
  RevocationBench bench;
  bench.http.Answer("revoke", 200, R"({"success":true})");
  const Status revoked = bench.Revoke();
  ASSERT_TRUE(revoked) << revoked.error().message;
  ASSERT_EQ(bench.http.CountOf("revoke"), 1);
  const SentRequest& sent = *bench.http.Find("revoke");
  EXPECT_EQ(sent.method, HttpRequest::Method::kPost);
  EXPECT_EQ(sent.url, "https://graph.facebook.com/v25.0/oauth/revoke");
  const std::map<std::string, std::string> form = {{"client_id", kAppId},
                                                   {"client_secret", FakeAppSecret()},
                                                   {"revoke_token", Old()},
                                                   {"access_token", New()}};
  EXPECT_EQ(sent.form, form);
  EXPECT_EQ(sent.query.count("revoke_token"), 0u);
  EXPECT_EQ(sent.query.count("client_secret"), 0u);
}

TEST(Revocation, FallsBackToTheDocumentedFormOnlyWhenThePostIsRefused) {
  RevocationBench bench;
  bench.http.Answer("revoke", 400, ErrorBody(100, 33, "Unsupported post request."));
  bench.http.Answer("revoke", 200, "true");
  const Status revoked = bench.Revoke();
  ASSERT_TRUE(revoked) << revoked.error().message;
  ASSERT_EQ(bench.http.CountOf("revoke"), 2);
  const SentRequest& second = bench.http.sent().back();
  EXPECT_EQ(second.method, HttpRequest::Method::kGet);
  EXPECT_EQ(second.query.at("revoke_token"), Old());
  EXPECT_EQ(second.query.at("access_token"), New());
  EXPECT_TRUE(second.form.empty());
}

TEST(Revocation, DoesNotPutSecretsIntoAUrlBecauseOfAnOutage) {
  RevocationBench bench;
  bench.http.Answer("revoke", 503, "<html>");
  const Status revoked = bench.Revoke();
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(bench.http.CountOf("revoke"), 1);
}

TEST(Revocation, MayBeTriedAgainAfterThrottlingAndAfterALostReply) {
  RevocationBench throttled;
  throttled.http.Answer("revoke", 400, ErrorBody(4, std::nullopt, "too many"));
  EXPECT_EQ(throttled.Revoke().error().kind, ErrorKind::kResourceExhausted);
  RevocationBench lost;
  lost.http.Fail("revoke", ErrorKind::kUnavailable, "connection_lost");
  EXPECT_EQ(lost.Revoke().error().kind, ErrorKind::kUnavailable);
}

TEST(Revocation, IsDoneWhenTheOldTokenIsDeadAlready) {
  Bench bench;
  bench.http.Answer("debug_token", 200, DeadBody());
  EXPECT_TRUE(bench.provider->Revoke(bench.context(), Secret(Old()), Secret(New()), bench.http));
  EXPECT_EQ(bench.http.CountOf("revoke"), 0);
}

TEST(Revocation, WaitsWhileNobodyCanSayWhetherTheOldTokenLives) {
  Bench bench;
  bench.http.Answer("debug_token", 502, "<html>");
  const Status revoked =
      bench.provider->Revoke(bench.context(), Secret(Old()), Secret(New()), bench.http);
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(bench.http.CountOf("revoke"), 0);
}

TEST(Revocation, NeverTouchesATokenThatIsStillNeeded) {
  RevocationBench same;
  EXPECT_EQ(same.Revoke(New(), New()).error().reason, "still_needed");
  RevocationBench parent;
  parent.parent_token = Secret(Old());
  EXPECT_EQ(parent.Revoke().error().reason, "still_needed");
  RevocationBench generator;
  generator.generate_token = Secret(Old());
  EXPECT_EQ(generator.Revoke().error().reason, "still_needed");
  for (const RevocationBench* bench : {&same, &parent, &generator}) {
    EXPECT_EQ(bench->http.CountOf("revoke"), 0);
  }
}

TEST(Revocation, IsOfferedForSystemUsersWithAppCredentialsOnly) {
  for (const MetaKind kind :
       {MetaKind::kAny, MetaKind::kUser, MetaKind::kPage, MetaKind::kApp, MetaKind::kSystemUser}) {
    RevocationBench bench;
    bench.spec.meta.kind = kind;
    const Capabilities can = bench.provider->CapabilitiesOf(bench.context(), nullptr);
    const bool offered = kind == MetaKind::kSystemUser;
    EXPECT_EQ(can.can_revoke, offered) << ToString(kind);
    EXPECT_EQ(can.cannot_revoke_why.empty(), offered);
    if (offered) continue;
    EXPECT_EQ(bench.Revoke().error().reason, "cannot_revoke");
    EXPECT_TRUE(bench.http.sent().empty()) << "no permission is ever taken away instead";
  }
  RevocationBench bare;
  bare.app_secret.reset();
  EXPECT_FALSE(bare.provider->CapabilitiesOf(bare.context(), nullptr).can_revoke);
  EXPECT_EQ(bare.Revoke().error().reason, "no_app_secret");
}

TEST(Revocation, SaysNothingOfTheTokens) {
  RevocationBench bench;
  bench.http.Answer("revoke", 400, ErrorBody(190, 466, "token " + Old() + " of " + New()));
  const Status revoked = bench.Revoke();
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().kind, ErrorKind::kFailedPrecondition);
  const std::string text = revoked.error().message + revoked.error().action;
  EXPECT_EQ(text.find(Old()), std::string::npos);
  EXPECT_EQ(text.find(New()), std::string::npos);
}

// ---- the canary ----

struct CanaryBench : Bench {
  CanaryBench() {
    spec.meta.canary = "/400000000000001/message_templates";
    http.Answer("debug_token", 200, LivingBody());
  }
  Observation Prove() { return provider->Prove(context(), Secret(FakeToken()), http); }
};

TEST(Canary, IsCalledWithTheCandidateForAProofAndNotForAnInspection) {
  CanaryBench bench;
  bench.http.Answer("canary", 200, R"({"data":[]})");
  EXPECT_EQ(bench.Inspect().verdict, Verdict::kValid);
  EXPECT_EQ(bench.http.CountOf("canary"), 0);
  EXPECT_EQ(bench.Prove().verdict, Verdict::kValid);
  ASSERT_EQ(bench.http.CountOf("canary"), 1);
  const SentRequest& sent = *bench.http.Find("canary");
  EXPECT_EQ(sent.method, HttpRequest::Method::kGet);
  EXPECT_EQ(sent.url, "https://graph.facebook.com/v25.0/400000000000001/message_templates");
  EXPECT_EQ(sent.bearer, FakeToken());
}

TEST(Canary, IsNotCalledUnlessItIsConfigured) {
  CanaryBench bench;
  bench.spec.meta.canary.clear();
  EXPECT_EQ(bench.Prove().verdict, Verdict::kValid);
  EXPECT_EQ(bench.http.CountOf("canary"), 0);
}

TEST(Canary, TurnsAnErrorIntoTheVerdictAndAnOutageIntoDoubt) {
  CanaryBench refused;
  refused.http.Answer("canary", 400, ErrorBody(100, 33, "Unsupported get request."));
  EXPECT_EQ(Words(refused.Prove()), "under_scoped/asset_unreachable");
  CanaryBench dead;
  dead.http.Answer("canary", 401, ErrorBody(190, 460, "changed password"));
  EXPECT_EQ(Words(dead.Prove()), "revoked/password_changed");
  CanaryBench silent;
  silent.http.Answer("canary", 503, "<html>");
  const Observation doubt = silent.Prove();
  EXPECT_EQ(doubt.verdict, Verdict::kIndeterminate);
  EXPECT_FALSE(doubt.unproven.empty());
}

TEST(Canary, IsNotCalledWithAValueThatIsDeadAnyway) {
  Bench bench;
  bench.spec.meta.canary = "/me";
  bench.http.Answer("debug_token", 200, DeadBody());
  bench.provider->Prove(bench.context(), Secret(FakeToken()), bench.http);
  EXPECT_EQ(bench.http.CountOf("canary"), 0);
}

}  // namespace
}  // namespace tokenwarden::meta
