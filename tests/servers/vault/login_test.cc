// Every way to log in to a real Vault, and what happens to a login that dies.
#include <nlohmann/json.hpp>

#include "tests/servers/vault/vault_stage.h"

namespace tokenwarden::it {
namespace {

using nlohmann::json;
using Kind = VaultAuthSpec::Kind;

class VaultLogin : public VaultStage {
 protected:
  void SetUp() override {
    server_.Must({"policy", "write", "app", "-"},
                 "path \"secret/*\" { capabilities = [\"create\", "
                 "\"read\", \"update\", \"patch\", \"list\"] }");
    server_.Must({"kv", "put", path_, "k=v"});
  }
  Result<Secret> ReadWith(vault::Vault& vault) {
    return vault.Resolve({SecretRef::Kind::kVault, path_, "k"});
  }
  void ExpectReads(vault::Vault& vault) {
    Result<Secret> value = ReadWith(vault);
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_EQ(value->Reveal(), "v");
  }
  SecretRef File(const std::string& name, const std::string& content) {
    return {SecretRef::Kind::kFile, room_.Write(name, content), ""};
  }
  std::string NewToken(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"token", "create", "-policy=app", "-format=json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string token = json::parse(server_.Must(arguments))["auth"]["client_token"];
    PlantSecret(token);
    return token;
  }
  VaultAuthSpec AppRole(const std::string& role, const std::string& ttl = "1h") {
    server_.Vault({"auth", "enable", "approle"});
    server_.Must({"write", "auth/approle/role/" + role, "token_policies=app", "token_ttl=" + ttl,
                  "token_max_ttl=" + ttl});
    VaultAuthSpec auth;
    auth.kind = Kind::kAppRole;
    auth.role_id =
        File("role_id",
             server_.Must({"read", "-field=role_id", "auth/approle/role/" + role + "/role-id"}));
    auth.secret_id = File("secret_id", server_.Must({"write", "-f", "-field=secret_id",
                                                     "auth/approle/role/" + role + "/secret-id"}));
    return auth;
  }
};

TEST_F(VaultLogin, ByATokenOfTheEnvironment) {
  environment_["VAULT_TOKEN"] = NewToken();
  ExpectReads(*Connect({}));
}

TEST_F(VaultLogin, SaysWhatIsMissingWhenNothingSaysHow) {
  auto value = ReadWith(*Connect({}));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().reason, "no_vault_login");
}

TEST_F(VaultLogin, ByATokenFileThatIsReadAgainWhenItsTokenDies) {
  const std::string first = NewToken();
  auto vault = ConnectAs(first);
  ExpectReads(*vault);
  server_.Must({"token", "revoke", first});
  room_.Write("token", NewToken());
  ExpectReads(*vault);
}

TEST_F(VaultLogin, ByAppRoleAndAgainAfterItsTokenWasRevoked) {
  auto vault = Connect(AppRole("app"));
  ExpectReads(*vault);
  server_.Must({"token", "revoke", "-mode=path", "auth/approle"});
  ExpectReads(*vault);
}

TEST_F(VaultLogin, RefusedByAppRoleSaysSoOnceAndDoesNotStorm) {
  VaultAuthSpec auth = AppRole("strict");
  auth.secret_id = File("secret_id", "no-such-secret-id");
  auto vault = Connect(auth);
  auto refused = ReadWith(*vault);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "login_refused");
  // Mended, but not asked again before its pause is over.
  auth = AppRole("strict");
  EXPECT_FALSE(ReadWith(*vault));
  clock_.Advance(Seconds{3});
  ExpectReads(*vault);
}

TEST_F(VaultLogin, RenewsAfterTwoThirdsAndLogsInAgainWhenRenewalEnds) {
  auto vault = Connect(AppRole("short", "120s"));
  ExpectReads(*vault);
  clock_.Advance(Seconds{90});  // past two thirds: the longest life does not let it grow
  ExpectReads(*vault);
  const json accessors =
      json::parse(server_.Must({"list", "-format=json", "auth/token/accessors"}));
  EXPECT_GE(accessors.size(), 2u);
}

TEST_F(VaultLogin, UnwrapsASecretIdOnceAndNoticesThatSomebodyElseDid) {
  VaultAuthSpec auth = AppRole("wrapped");
  auth.wrapped = true;
  const std::string wrapping =
      json::parse(server_.Must({"write", "-wrap-ttl=60s", "-format=json", "-f",
                                "auth/approle/role/wrapped/secret-id"}))["wrap_info"]["token"];
  auth.secret_id = File("wrapping", wrapping);
  ExpectReads(*Connect(auth));
  auto used = ReadWith(*Connect(auth));
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().reason, "wrapping_token_used");
}

TEST_F(VaultLogin, ADeadTokenThatWasGivenIsNamed) {
  const std::string token = NewToken();
  VaultAuthSpec auth;
  auth.kind = Kind::kToken;
  auth.token = File("given", token);
  auto vault = Connect(auth);
  ExpectReads(*vault);
  server_.Must({"token", "revoke", token});
  auto dead = ReadWith(*vault);
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().reason, "dead_token");
}

TEST_F(VaultLogin, ARateLimitQuotaIsNoRefusal) {
  server_.Must({"write", "sys/quotas/rate-limit/slow", "path=" + path_.substr(0, 7), "rate=0.1"});
  auto vault = ConnectAs(NewToken());
  Result<Secret> value = ReadWith(*vault);
  for (int i = 0; i < 5 && value; ++i) value = ReadWith(*vault);
  server_.Must({"delete", "sys/quotas/rate-limit/slow"});
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().reason, "rate_limited");
  EXPECT_EQ(value.error().kind, ErrorKind::kResourceExhausted);
}

TEST(VaultOverTls, LogsInByCertificate) {
  const auto server = VaultServer::StartDev({true, false});
  TemporaryDirectory room;
  const Finished made =
      RunProgram({{"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=agent",
                   "-addext", "extendedKeyUsage=clientAuth", "-keyout", room.File("key.pem"),
                   "-out", room.File("cert.pem")},
                  {},
                  "",
                  ""});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  server->Must({"policy", "write", "app", "-"}, "path \"secret/*\" { capabilities = [\"read\"] }");
  server->Must({"kv", "put", "secret/a", "k=v"});
  server->Must({"auth", "enable", "cert"});
  server->Must({"write", "auth/cert/certs/agent", "certificate=@" + room.File("cert.pem"),
                "token_policies=app"});
  FakeClock clock(FromUnix(1795262400));
  auto http = curl::MakeHttpClient({});
  auto secrets = files::MakeSecretResolver("/");
  VaultSpec spec;
  spec.address = server->address();
  spec.ca_file = server->ca_file();
  spec.auth.kind = Kind::kCert;
  spec.auth.name = "agent";
  spec.auth.cert_file = room.File("cert.pem");
  spec.auth.key_file = room.File("key.pem");
  auto vault = *vault::Vault::Make(spec, *http, clock, *secrets, {});
  auto value = vault->Resolve({SecretRef::Kind::kVault, "secret/a", "k"});
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->Reveal(), "v");
}

TEST(VaultOnRaft, SealedKilledAndRestartedIsSilenceAndThenGoesOn) {
  const auto server = VaultServer::StartRaft();
  server->Must({"kv", "put", "secret/a", "k=v"});
  TemporaryDirectory room;
  FakeClock clock(FromUnix(1795262400));
  auto http = curl::MakeHttpClient({});
  auto secrets = files::MakeSecretResolver("/");
  VaultSpec spec;
  spec.address = server->address();
  spec.auth.kind = Kind::kTokenFile;
  spec.auth.token_file = room.Write("token", server->root_token());
  auto vault = *vault::Vault::Make(spec, *http, clock, *secrets, {});
  const SecretRef ref{SecretRef::Kind::kVault, "secret/a", "k"};
  ASSERT_TRUE(vault->Resolve(ref));
  server->Seal();
  auto sealed = vault->Resolve(ref);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().reason, "sealed");
  EXPECT_EQ(sealed.error().kind, ErrorKind::kUnavailable);
  server->Kill();
  auto gone = vault->Resolve(ref);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::kUnavailable);
  server->Restart();
  server->Unseal();
  auto back = vault->Resolve(ref);
  ASSERT_TRUE(back) << back.error().message;
}

}  // namespace
}  // namespace tokenwarden::it
