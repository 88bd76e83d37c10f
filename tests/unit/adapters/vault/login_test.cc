// What each way to log in sends, and what is made of the answers that real servers give rarely.
#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

using Kind = VaultAuthSpec::Kind;

constexpr char kPodToken[] = "/var/run/secrets/kubernetes.io/serviceaccount/token";
constexpr char kOrigin[] = "auth/approle/role/bot/secret-id";

class VaultLogin : public Stage {
 protected:
  VaultLogin() { api_.kv().Put("a", kKey, "v"); }
  FakeVault::Sent LoginSent() {
    for (const FakeVault::Sent& each : api_.sent()) {
      if (each.path.find("/login") != std::string::npos) return each;
    }
    ADD_FAILURE() << "nobody logged in";
    return {};
  }
  VaultAuthSpec Wrapped(const std::string& wrapping) {
    places_.Put("env SECRET", wrapping);
    VaultAuthSpec auth = ByAppRole();
    auth.wrapped = true;
    return auth;
  }
  static FakeVault::Json WrappedSecretId(const std::string& secret_id) {
    return {{"data", {{"secret_id", secret_id}}}};
  }
};

TEST_F(VaultLogin, ByAppRoleAtItsOwnMountAndWithoutASecretId) {
  VaultAuthSpec auth = ByAppRole();
  auth.mount = "team/roles";
  auth.secret_id.reset();
  api_.AllowLogin("auth/team/roles/login", {{"role_id", "role-id"}}, {Seconds(900)});
  ExpectReads(*Connect(auth), "v");
}

TEST_F(VaultLogin, ByKubernetesWithThePodsOwnToken) {
  places_.Put(std::string("file ") + kPodToken, "pod-jwt\n");
  VaultAuthSpec auth;
  auth.kind = Kind::kKubernetes;
  auth.role = "bot";
  api_.AllowLogin("auth/kubernetes/login", {{"role", "bot"}, {"jwt", "pod-jwt"}}, {Seconds(900)});
  ExpectReads(*Connect(auth), "v");
}

TEST_F(VaultLogin, ReadsThePodsTokenAnewForEachLogin) {
  places_.Put(std::string("file ") + kPodToken, "first-jwt");
  VaultAuthSpec auth;
  auth.kind = Kind::kKubernetes;
  auth.role = "bot";
  api_.AllowLogin("auth/kubernetes/login", {{"role", "bot"}, {"jwt", "first-jwt"}}, {Seconds(900)});
  const auto vault = Connect(auth);
  ExpectReads(*vault, "v");
  places_.Put(std::string("file ") + kPodToken, "second-jwt");
  api_.AllowLogin("auth/kubernetes/login", {{"role", "bot"}, {"jwt", "second-jwt"}},
                  {Seconds(900)});
  api_.RevokeAll();
  ExpectReads(*vault, "v");
}

TEST_F(VaultLogin, APodNeedsNoConfigurationButTheRoleTokenwarden) {
  places_.Put(std::string("file ") + kPodToken, "pod-jwt");
  api_.AllowLogin("auth/kubernetes/login", {{"role", "tokenwarden"}, {"jwt", "pod-jwt"}},
                  {Seconds(900)});
  ExpectReads(*Connect({}), "v");
}

TEST_F(VaultLogin, ByTheTokenOfTheEnvironmentAlsoInAPod) {
  places_.Put(std::string("file ") + kPodToken, "pod-jwt");
  Options options;
  options.environment = [](const char* name) -> const char* {
    return std::string(name) == "VAULT_TOKEN" ? "root" : nullptr;
  };
  ExpectReads(*Connect({}, options), "v");
}

TEST_F(VaultLogin, SaysWhatIsMissingWhenNothingSaysHow) {
  const Result<Secret> value = Read(*Connect({}));
  ExpectFails(value, ErrorKind::kFailedPrecondition, "no_vault_login");
  EXPECT_NE(value.error().action.find("vault: {auth:"), std::string::npos);
}

TEST_F(VaultLogin, ByJwt) {
  places_.Put("env JWT", "signed");
  VaultAuthSpec auth;
  auth.kind = Kind::kJwt;
  auth.role = "bot";
  auth.jwt = SecretRef{SecretRef::Kind::kEnv, "JWT", ""};
  api_.AllowLogin("auth/jwt/login", {{"role", "bot"}, {"jwt", "signed"}}, {Seconds(900)});
  ExpectReads(*Connect(auth), "v");
}

TEST_F(VaultLogin, ByCertificateAndAnewWhenItWasReplaced) {
  places_.Put("file /tls/cert", "certificate-1");
  places_.Put("file /tls/key", "key-1");
  VaultAuthSpec auth;
  auth.kind = Kind::kCert;
  auth.name = "bot";
  auth.cert_file = "/tls/cert";
  auth.key_file = "/tls/key";
  api_.AllowLogin("auth/cert/login", {{"name", "bot"}}, {Seconds(900)});
  const auto vault = Connect(auth);
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(600));
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kRenew), 1);
  // A renewal must show the certificate of the login.
  places_.Put("file /tls/cert", "certificate-2");
  clock_.Advance(Seconds(600));
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kRenew), 1);
  EXPECT_EQ(api_.CountSent("POST", "auth/cert/login"), 2);
}

TEST_F(VaultLogin, A403AtALoginIsNoPolicyAndMayBeTheCluster) {
  places_.Put(std::string("file ") + kPodToken, "pod-jwt");
  VaultAuthSpec auth;
  auth.kind = Kind::kKubernetes;
  auth.role = "bot";
  const Result<Secret> refused = Read(*Connect(auth));
  ExpectFails(refused, ErrorKind::kUnauthenticated, "login_refused");
  EXPECT_NE(refused.error().message.find(kPath), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("by kubernetes as role bot"), std::string::npos);
  EXPECT_NE(refused.error().action.find("API server"), std::string::npos);
}

TEST_F(VaultLogin, ALoginThatIsNotFinishedSaysWhatItWants) {
  HttpReply mfa = FakeVault::Reply(200, "");
  mfa.body = R"({"auth":{"client_token":"","mfa_requirement":{"mfa_request_id":"1"}}})";
  api_.Refuse("POST", kLogin, mfa);
  ExpectFails(Read(*Connect(ByAppRole())), ErrorKind::kFailedPrecondition, "mfa_required");
  HttpReply wrapped = mfa;
  wrapped.body = R"({"auth":null,"wrap_info":{"token":"w"}})";
  api_.Refuse("POST", kLogin, wrapped);
  ExpectFails(Read(*Connect(ByAppRole())), ErrorKind::kFailedPrecondition, "login_wrapped");
}

TEST_F(VaultLogin, NeverShowsWhatItLogsInWith) {
  const auto vault = Connect(ByAppRole());
  const Result<Secret> refused = Read(*vault);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("secret-id"), std::string::npos);
  EXPECT_EQ(refused.error().message.find("role-id"), std::string::npos);
  EXPECT_EQ(LoginSent().path, kLogin);
}

// ---- wrapping ----

TEST_F(VaultLogin, UnwrapsASecretIdOnceAndKeepsIt) {
  AllowAppRole(Seconds(900), Seconds(900));
  const auto vault = Connect(Wrapped(api_.Wrap(kOrigin, WrappedSecretId("secret-id"))));
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(1000));
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kLogin), 2);
  EXPECT_EQ(api_.CountSent("POST", "sys/wrapping/unwrap"), 1);
}

TEST_F(VaultLogin, UnwrapsANewWrappingToken) {
  api_.AllowLogin(kLogin, {{"role_id", "role-id"}, {"secret_id", "other"}}, {Seconds(900)});
  const auto vault = Connect(Wrapped(api_.Wrap(kOrigin, WrappedSecretId("used-up"))));
  ExpectFails(Read(*vault), ErrorKind::kUnauthenticated, "login_refused");
  places_.Put("env SECRET", api_.Wrap(kOrigin, WrappedSecretId("other")));
  clock_.Advance(Seconds(1));
  ExpectReads(*vault, "v");
}

TEST_F(VaultLogin, RaisesAnAlarmForAWrappingTokenThatSomebodyUsed) {
  const auto vault = Connect(Wrapped("used"));
  for (int i = 0; i < 10; ++i) {
    ExpectFails(Read(*vault), ErrorKind::kUnauthenticated, "wrapping_token_used");
    clock_.Advance(Seconds(600));
  }
  EXPECT_EQ(api_.CountSent("POST", "sys/wrapping/lookup"), 1);  // nothing will make it good again
}

TEST_F(VaultLogin, DoesNotUseAWrappingTokenThatSomebodyPutThere) {
  const std::string foreign = api_.Wrap("sys/wrapping/wrap", WrappedSecretId("secret-id"));
  ExpectFails(Read(*Connect(Wrapped(foreign))), ErrorKind::kUnauthenticated,
              "wrapping_token_foreign");
  EXPECT_EQ(api_.CountSent("POST", "sys/wrapping/unwrap"), 0);
}

TEST_F(VaultLogin, TellsALostUnwrappingFromATheft) {
  AllowAppRole(Seconds(900));
  api_.LoseReply("POST", "sys/wrapping/unwrap");
  const auto vault = Connect(Wrapped(api_.Wrap(kOrigin, WrappedSecretId("secret-id"))));
  for (int i = 0; i < 3; ++i) {
    ExpectFails(Read(*vault), ErrorKind::kUnauthenticated, "unwrap_lost");
    clock_.Advance(Seconds(600));
  }
  EXPECT_EQ(api_.CountSent("POST", "sys/wrapping/unwrap"), 1);
}

TEST_F(VaultLogin, UnwrapsLaterWhenTheServerWasNotReached) {
  AllowAppRole(Seconds(900));
  const std::string wrapping = api_.Wrap(kOrigin, WrappedSecretId("secret-id"));
  const auto vault = Connect(Wrapped(wrapping));
  api_.SetReachable(false);
  ExpectFails(Read(*vault), ErrorKind::kUnavailable, "connect");
  api_.SetReachable(true);
  api_.Seal(true);
  clock_.Advance(Seconds(5));
  ExpectFails(Read(*vault), ErrorKind::kUnavailable, "sealed");
  api_.Seal(false);
  clock_.Advance(Seconds(10));
  ExpectReads(*vault, "v");
}

TEST_F(VaultLogin, SendsAnUnwrappingExactlyOnce) {
  AllowAppRole(Seconds(900));
  ExpectReads(*Connect(Wrapped(api_.Wrap(kOrigin, WrappedSecretId("secret-id")))), "v");
  for (const FakeVault::Sent& each : api_.sent()) {
    EXPECT_EQ(each.exactly_once, each.path == "sys/wrapping/unwrap") << each.path;
  }
}

TEST_F(VaultLogin, UnwrapsATokenToo) {
  api_.AddToken("inner", {Seconds(900)});
  places_.Put("env ROOT", api_.Wrap("auth/token/create", {{"auth", {{"client_token", "inner"}}}}));
  VaultAuthSpec auth = ByRoot();
  auth.wrapped = true;
  ExpectReads(*Connect(auth), "v");
  EXPECT_EQ(api_.sent().back().token, "inner");
}

TEST_F(VaultLogin, SaysWhenSomethingElseWasWrapped) {
  const std::string other = api_.Wrap(kOrigin, {{"data", {{"password", "x"}}}});
  ExpectFails(Read(*Connect(Wrapped(other))), ErrorKind::kInvalidArgument, "wrong_wrapping");
}

}  // namespace
}  // namespace tokenwarden::vault
