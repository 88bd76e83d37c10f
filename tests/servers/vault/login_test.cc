// Every way to log in to a real Vault, and what happens to a login that dies.
#include "agent/core/base64.h"
#include "tests/servers/vault/vault_stage.h"

namespace tokenwarden::it {
namespace {

using nlohmann::json;
using Kind = VaultAuthSpec::Kind;

std::string OpenSsl(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), "/usr/bin/openssl");
  const Finished done = RunProgram({std::move(arguments), {}, "", input, true});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return done.out;
}

class VaultLogin : public VaultStage {
 protected:
  void SetUp() override {
    server_.Must({"policy", "write", "app", "-"}, kPolicy);
    server_.Must({"kv", "put", path_, "k=v"});
  }
  Result<Secret> ReadWith(vault::Vault& vault) { return ReadAt(vault, path_); }
  void ExpectReads(vault::Vault& vault) { ExpectReadsAt(vault, path_); }
  void ExpectRefused(vault::Vault& vault, const std::string& reason) {
    Result<Secret> value = ReadWith(vault);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().reason, reason) << value.error().message;
  }
  std::string AppToken(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"-policy=app"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string token = NewToken(arguments);
    PlantSecret(token);
    return token;
  }
  VaultAuthSpec AppRole(const std::string& role, const std::string& ttl = "1h",
                        const std::string& max_ttl = "2h") {
    server_.Vault({"auth", "enable", "approle"});
    server_.Must({"write", "auth/approle/role/" + role, "token_policies=app", "token_ttl=" + ttl,
                  "token_max_ttl=" + max_ttl});
    VaultAuthSpec auth;
    auth.kind = Kind::kAppRole;
    auth.role_id =
        File("role_id",
             server_.Must({"read", "-field=role_id", "auth/approle/role/" + role + "/role-id"}));
    auth.secret_id = File("secret_id", server_.Must({"write", "-f", "-field=secret_id",
                                                     "auth/approle/role/" + role + "/secret-id"}));
    return auth;
  }
  std::string WrappedSecretId(const std::string& role) {
    return json::parse(
        server_.Must({"write", "-wrap-ttl=60s", "-format=json", "-f",
                      "auth/approle/role/" + role + "/secret-id"}))["wrap_info"]["token"];
  }
  std::size_t LivingTokens() {
    return json::parse(server_.Must({"list", "-format=json", "auth/token/accessors"})).size();
  }
};

TEST_F(VaultLogin, ByATokenOfTheEnvironment) {
  environment_["VAULT_TOKEN"] = AppToken();
  ExpectReads(*ConnectBy({}));
}

TEST_F(VaultLogin, ByATokenFileThatIsFollowed) {
  const std::string first = AppToken();
  auto vault = ConnectAs(first);
  ExpectReads(*vault);
  room_.Write("token", AppToken());
  server_.Must({"token", "revoke", first});
  ExpectReads(*vault);
}

TEST_F(VaultLogin, ByAppRoleAndAgainAfterItsTokenWasRevoked) {
  auto vault = ConnectBy(AppRole("app"));
  ExpectReads(*vault);
  server_.Must({"token", "revoke", "-mode=path", "auth/approle"});
  ExpectReads(*vault);
}

TEST_F(VaultLogin, ByAppRoleWithoutASecretId) {
  VaultAuthSpec auth = AppRole("open");
  server_.Must({"write", "auth/approle/role/open", "bind_secret_id=false",
                "token_bound_cidrs=127.0.0.0/8", "secret_id_bound_cidrs=127.0.0.0/8",
                "token_policies=app"});
  auth.secret_id.reset();
  ExpectReads(*ConnectBy(auth));
}

TEST_F(VaultLogin, RefusedByAppRoleSaysSoOnceAndTriesWhatIsNew) {
  VaultAuthSpec auth = AppRole("strict");
  auth.secret_id = File("secret_id", "no-such-secret-id");
  auto vault = ConnectBy(auth);
  ExpectRefused(*vault, "login_refused");
  AppRole("strict");  // mended
  clock_.Advance(Seconds{1});
  ExpectReads(*vault);
}

TEST_F(VaultLogin, ByAMethodThatIsNotEnabledSaysSo) {
  VaultAuthSpec auth = AppRole("app");
  auth.mount = "no-such-mount";
  const Result<Secret> value = ReadWith(*ConnectBy(auth));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, ErrorKind::kUnauthenticated) << value.error().message;
  EXPECT_NE(value.error().message.find("auth/no-such-mount/login"), std::string::npos)
      << value.error().message;
}

TEST_F(VaultLogin, RenewsAfterTwoThirds) {
  MortalClient counter(*http_);
  VaultSpec spec;
  spec.address = server_.address();
  spec.auth = AppRole("long", "120s", "1h");
  const auto vault = Connect(spec, counter);
  ExpectReads(*vault);
  int before = counter.count();
  clock_.Advance(Seconds{70});
  ExpectReads(*vault);
  EXPECT_EQ(counter.count() - before, 1);
  before = counter.count();
  clock_.Advance(Seconds{20});
  ExpectReads(*vault);
  EXPECT_EQ(counter.count() - before, 2);  // renewed, read
}

TEST_F(VaultLogin, GivesItsTokenBack) {
  const std::size_t before = LivingTokens();
  {
    auto vault = ConnectBy(AppRole("polite"));
    ExpectReads(*vault);
    EXPECT_EQ(LivingTokens(), before + 1);
  }
  EXPECT_EQ(LivingTokens(), before);
}

TEST_F(VaultLogin, ByABatchTokenThatCannotBeRenewed) {
  VaultAuthSpec auth = AppRole("batch", "120s", "120s");
  server_.Must({"write", "auth/approle/role/batch", "token_type=batch"});
  auto vault = ConnectBy(auth);
  ExpectReads(*vault);
  clock_.Advance(Seconds{90});
  ExpectReads(*vault);
}

TEST_F(VaultLogin, UnwrapsASecretIdOnceAndNoticesThatSomebodyElseDid) {
  VaultAuthSpec auth = AppRole("wrapped");
  auth.wrapped = true;
  auth.secret_id = File("wrapping", WrappedSecretId("wrapped"));
  ExpectReads(*ConnectBy(auth));
  ExpectRefused(*ConnectBy(auth), "wrapping_token_used");
}

TEST_F(VaultLogin, DoesNotUnwrapWhatSomebodyElseWrapped) {
  VaultAuthSpec auth = AppRole("wrapped");
  auth.wrapped = true;
  const std::string foreign =
      json::parse(server_.Must({"write", "-wrap-ttl=60s", "-format=json", "sys/wrapping/wrap",
                                "secret_id=mine"}))["wrap_info"]["token"];
  auth.secret_id = File("wrapping", foreign);
  ExpectRefused(*ConnectBy(auth), "wrapping_token_foreign");
}

TEST_F(VaultLogin, ADeadTokenThatWasGivenIsNamed) {
  const std::string token = AppToken();
  VaultAuthSpec auth;
  auth.kind = Kind::kToken;
  auth.token = File("given", token);
  auto vault = ConnectBy(auth);
  ExpectReads(*vault);
  server_.Must({"token", "revoke", token});
  ExpectRefused(*vault, "dead_token");
}

// RS256, signed as an issuer would.
TEST_F(VaultLogin, ByJwt) {
  const std::string key = room_.File("issuer.key");
  OpenSsl({"genrsa", "-out", key, "2048"});
  const std::string public_key = room_.Write("issuer.pub", OpenSsl({"rsa", "-in", key, "-pubout"}));
  server_.Must({"auth", "enable", "jwt"});
  server_.Must({"write", "auth/jwt/config", "jwt_validation_pubkeys=@" + public_key});
  server_.Must({"write", "auth/jwt/role/bot", "role_type=jwt", "bound_audiences=vault",
                "user_claim=sub", "token_policies=app"});
  const auto url_safe = [](std::string_view bytes) {
    std::string text = ToBase64(bytes);
    for (char& c : text) c = c == '+' ? '-' : (c == '/' ? '_' : c);
    while (!text.empty() && text.back() == '=') text.pop_back();
    return text;
  };
  const std::int64_t now =
      ToUnix(std::chrono::time_point_cast<Seconds>(std::chrono::system_clock::now()));
  const auto sign = [&](const std::string& audience) {
    const std::string signed_part =
        url_safe(R"({"alg":"RS256","typ":"JWT"})") + "." +
        url_safe(json({{"sub", "bot"}, {"aud", audience}, {"iat", now - 60}, {"exp", now + 600}})
                     .dump());
    return signed_part + "." + url_safe(OpenSsl({"dgst", "-sha256", "-sign", key}, signed_part));
  };
  VaultAuthSpec auth;
  auth.kind = Kind::kJwt;
  auth.role = "bot";
  auth.jwt = File("jwt", sign("elsewhere"));
  auto vault = ConnectBy(auth);
  ExpectRefused(*vault, "login_refused");
  room_.Write("jwt", sign("vault"));
  clock_.Advance(Seconds{1});
  ExpectReads(*vault);
  auth.role = "nobody";
  ExpectRefused(*ConnectBy(auth), "no_such_role");
}

TEST(VaultOverTls, LogsInByCertificate) {
  const auto server = VaultServer::StartDev({true, false});
  VaultClient client;
  const auto make_certificate = [&](const std::string& name) {
    OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=" + name, "-addext", "extendedKeyUsage=clientAuth",
             "-keyout", client.room_.File(name + ".key"), "-out",
             client.room_.File(name + ".pem")});
  };
  make_certificate("agent");
  make_certificate("stranger");
  server->Must({"policy", "write", "app", "-"}, kPolicy);
  server->Must({"kv", "put", "secret/a", "k=v"});
  server->Must({"auth", "enable", "cert"});
  server->Must({"write", "auth/cert/certs/agent", "certificate=@" + client.room_.File("agent.pem"),
                "token_policies=app", "token_ttl=120s", "token_max_ttl=1h"});
  VaultSpec spec;
  spec.address = server->address();
  spec.ca_file = server->ca_file();
  spec.auth.kind = Kind::kCert;
  spec.auth.cert_file = client.room_.File("agent.pem");
  spec.auth.key_file = client.room_.File("agent.key");
  MortalClient counter(*client.http_);
  const auto vault = client.Connect(spec, counter);
  ExpectReadsAt(*vault, "secret/a");
  const int before = counter.count();
  client.clock_.Advance(Seconds{90});
  ExpectReadsAt(*vault, "secret/a");
  EXPECT_EQ(counter.count() - before, 2);  // a renewal shows the certificate of the login

  spec.auth.cert_file = client.room_.File("stranger.pem");
  spec.auth.key_file = client.room_.File("stranger.key");
  EXPECT_EQ(ReadAt(*client.Connect(spec), "secret/a").error().reason, "login_refused");
  spec.auth.cert_file = client.room_.File("missing.pem");
  EXPECT_EQ(ReadAt(*client.Connect(spec), "secret/a").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace tokenwarden::it
