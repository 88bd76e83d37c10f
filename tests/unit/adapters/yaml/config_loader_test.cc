#include "agent/adapters/yaml/config_loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/unit/adapters/yaml/sample.h"

namespace tokenwarden::yaml {
namespace {

std::string Messages(const LoadedConfig& loaded) {
  std::string text;
  for (const ConfigProblem& problem : loaded.problems) text += problem.ToText() + "\n";
  return text;
}

Config Good(const std::string& text) {
  LoadedConfig loaded = ParseConfig(text, "t.yaml");
  EXPECT_EQ(Messages(loaded), "");
  return loaded.config ? std::move(*loaded.config) : Config{};
}

TEST(ParseConfig, TakesTheDefaultsWhenLittleIsSaid) {
  const Config config = Good(Minimal());
  Config expected;
  expected.credentials.resize(1);
  expected.credentials[0].name = "whatsapp";
  EXPECT_EQ(config, expected);
}

TEST(ParseConfig, ReadsEveryKeyOfTheAgent) {
  const Config config = Good(Full());
  EXPECT_EQ(config.state_path, "/srv/state.db");
  EXPECT_EQ(config.state_key, (SecretRef{SecretRef::Kind::kFile, "/run/secrets/key", ""}));
  EXPECT_EQ(config.allow_ephemeral_state, "every token can be made again");
  EXPECT_EQ(config.http_listen, "0.0.0.0:1234");
  EXPECT_EQ(config.grpc_listen, "unix:///tmp/agent.sock");
  EXPECT_EQ(config.log_format, LogFormat::kText);
  EXPECT_EQ(config.ca_file, "/etc/ca.pem");
  EXPECT_EQ(config.issuer_parallel, 3);
  EXPECT_EQ(config.request_timeout, Seconds{20});
  ASSERT_EQ(config.credentials.size(), 3u);
}

TEST(ParseConfig, ReadsAStateKeyThatAProgramPrints) {
  const Config config = Good(
      Minimal() +
      "state: {path: /s, key: {command: [get-key, --name, a]}, allow_ephemeral_state: a test}\n");
  EXPECT_EQ(config.state_key_command, (std::vector<std::string>{"get-key", "--name", "a"}));
  EXPECT_FALSE(config.state_key.has_value());
  EXPECT_EQ(config.allow_ephemeral_state, "a test");
}

TEST(ParseConfig, ReadsWhatIsProvenAndWhatIsRevoked) {
  const CredentialSpec spec =
      Good(
          "version: 1\ncredentials:\n- name: a\n  meta: {kind: system_user, app_id: 1, app_secret: "
          "{env: A}, require: {canary: /me}}\n  renew: {revoke_old: true}\n")
          .credentials.at(0);
  EXPECT_EQ(spec.meta.canary, "/me");
  EXPECT_TRUE(spec.renew.revoke_old);
  EXPECT_FALSE(CredentialSpec{}.renew.revoke_old) << "off unless it is asked for";
}

TEST(ParseConfig, ReadsEveryKeyOfACredential) {
  const CredentialSpec spec = Good(Full()).credentials.at(0);
  CredentialSpec expected;
  expected.name = "system";
  expected.tenant = "acme";
  expected.labels = {{"team", "bots"}, {"tier", "1"}};
  expected.meta.app_id = "0100";
  expected.meta.app_secret = SecretRef{SecretRef::Kind::kDotenv, ".env", "APP_SECRET"};
  expected.meta.kind = MetaKind::kSystemUser;
  expected.meta.endpoint = "http://127.0.0.1:8080";
  expected.meta.api_version = "v25.0";
  expected.meta.user_id = "200000000000002";
  expected.meta.required_scopes = {"one", "two"};
  expected.meta.phone_number_id = "400000000000001";
  expected.meta.business_account_id = "500000000000001";
  expected.meta.canary = "/me";
  expected.meta.generate_system_user_id = "200000000000002";
  expected.meta.generate_token = SecretRef{SecretRef::Kind::kFile, "admin.token", ""};
  expected.meta.generate_scopes = {"three"};
  expected.meta.send_appsecret_time = true;
  expected.source = SourceSpec{SourceKind::kDotenv, ".env", "TOKEN"};
  expected.renew = {true, kDay * 14, kDay * 90, true};
  expected.inspect_every = kHour;
  expected.settle = kMinute * 3;
  expected.sinks = {
      {SinkKind::kDotenv, ".env", "TOKEN", std::nullopt, FileFormat::kRaw, Drift::kAdopt,
       kHour * 2},
      {SinkKind::kFile, "/run/token", "", 0640u, FileFormat::kJson, Drift::kAlarm, kHour * 2},
      {SinkKind::kFile, "/run/other", "", std::nullopt, FileFormat::kRaw, Drift::kRepair,
       kHour * 2}};
  NotifySpec exec, signal, http;
  exec.command = {"/bin/reload", "--now"};
  exec.timeout = Seconds{7};
  signal.kind = NotifyKind::kSignal;
  signal.pid_file = "/run/x.pid";
  signal.signal = "USR1";
  signal.process = "nginx";
  http.kind = NotifyKind::kHttp;
  http.url = "https://example.org/told";
  http.timeout = Seconds{8};
  expected.notify = {exec, signal, http};
  EXPECT_EQ(spec, expected);
}

TEST(ParseConfig, LetsDefaultsFillWhatACredentialDoesNotSay) {
  const Config config = Good(Full());
  const CredentialSpec& page = config.credentials.at(1);
  EXPECT_EQ(page.meta.app_id, "100000000000009");
  EXPECT_EQ(page.meta.app_secret, (SecretRef{SecretRef::Kind::kEnv, "DEFAULT_SECRET", ""}));
  EXPECT_EQ(page.meta.endpoint, "https://graph.example.org");
  EXPECT_EQ(page.meta.api_version, "v24.0");
  EXPECT_EQ(page.meta.page_id, "700");
  EXPECT_EQ(page.meta.parent_token, (SecretRef{SecretRef::Kind::kEnv, "PARENT", ""}));
  EXPECT_EQ(page.inspect_every, kMinute * 5);
  EXPECT_EQ(page.renew, (RenewSpec{true, kDay * 10, kDay * 30, false}));
  EXPECT_EQ(page.source, (SourceSpec{SourceKind::kEnv, "PAGE_TOKEN", ""}));
  EXPECT_FALSE(config.credentials.at(2).renew.enabled);
  EXPECT_EQ(config.credentials.at(2).source, (SourceSpec{SourceKind::kFile, "/run/in", ""}));
}

TEST(ParseConfig, ReadsEveryKeyAboutVault) {
  const Config config = Good(FullVault());
  EXPECT_EQ(config.state_kind, StateKind::kVault);
  EXPECT_EQ(config.state_path, "kv/tokenwarden");
  EXPECT_EQ(config.state_key, std::nullopt);
  EXPECT_EQ(config.state_transit_key,
            (TransitKeySpec{"team/transit", "state", "/etc/tokenwarden/state.wrapped"}));
  VaultSpec vault{"https://vault.example.org:8200", "/etc/vault/ca.pem", "admin/team", {}};
  vault.auth.kind = VaultAuthSpec::Kind::kAppRole;
  vault.auth.role_id = SecretRef{SecretRef::Kind::kFile, "/etc/vault/role", ""};
  vault.auth.secret_id = SecretRef{SecretRef::Kind::kEnv, "SECRET_ID", ""};
  vault.auth.mount = "team/approle";
  vault.auth.wrapped = true;
  EXPECT_EQ(config.vault, vault);
  EXPECT_EQ(config.lease, (LeaseSpec{"agents", "tokenwarden", 4, Seconds{20}}));
  EXPECT_EQ(config.identity, "agent-7");
  const CredentialSpec& first = config.credentials.at(0);
  EXPECT_EQ(first.meta.app_secret, (SecretRef{SecretRef::Kind::kVault, "kv/app", "secret#1"}));
  EXPECT_EQ(first.meta.generate_token, (SecretRef{SecretRef::Kind::kVault, "kv/admin", "token"}));
  EXPECT_EQ(config.credentials.at(1).source,
            (SourceSpec{SourceKind::kVault, "kv/in", "second", {}}));
}

TEST(ParseConfig, ReadsEveryWayIntoVault) {
  const CredentialSpec first = Good(FullVault()).credentials.at(0);
  VaultAuthSpec token, token_file, jwt, cert;
  token.kind = VaultAuthSpec::Kind::kToken;
  token.token = SecretRef{SecretRef::Kind::kEnv, "OTHER_TOKEN", ""};
  token_file.kind = VaultAuthSpec::Kind::kTokenFile;
  token_file.token_file = "/run/vt";
  jwt.kind = VaultAuthSpec::Kind::kJwt;
  jwt.role = "writer";
  jwt.mount = "oidc";
  jwt.jwt = SecretRef{SecretRef::Kind::kFile, "/run/jwt", ""};
  cert.kind = VaultAuthSpec::Kind::kCert;
  cert.name = "web";
  cert.cert_file = "/c.pem";
  cert.key_file = "/k.pem";
  cert.mount = "tls";
  EXPECT_EQ(first.source, (SourceSpec{SourceKind::kVault, "kv/in", "token", token}));
  SinkSpec sink;
  sink.kind = SinkKind::kVault;
  sink.path = "kv/out";
  sink.key = "token";
  sink.drift = Drift::kAdopt;
  sink.markers = false;
  sink.vault_auth = token_file;
  EXPECT_EQ(first.sinks.at(0), sink);
  EXPECT_EQ(first.sinks.at(1).vault_auth, jwt);
  EXPECT_EQ(first.sinks.at(2).vault_auth, cert);
  EXPECT_EQ(first.sinks.at(3).Target(), "kv/short#token");
  EXPECT_TRUE(first.sinks.at(3).markers);
  EXPECT_EQ(first.sinks.at(3).vault_auth, std::nullopt);
}

TEST(ParseConfig, ReadsEveryKeyAboutKubernetes) {
  const Config config = Good(FullKubernetes());
  EXPECT_EQ(config.state_kind, StateKind::kKubernetes);
  EXPECT_EQ(config.state_path, "agents/tokenwarden-state");
  EXPECT_EQ(config.state_key,
            (SecretRef{SecretRef::Kind::kKubernetes, "agents/tokenwarden-key", "state.key"}));
  EXPECT_EQ(config.kubernetes, (KubernetesSpec{"/etc/kubeconfig", "blue", "app"}));
  EXPECT_EQ(config.vault.auth.kind, VaultAuthSpec::Kind::kKubernetes);
  EXPECT_EQ(config.vault.auth.role, "tokenwarden");
  EXPECT_EQ(config.vault.auth.mount, "cluster-1");
  EXPECT_EQ(config.vault.auth.jwt_file, "/run/jwt");
  const CredentialSpec& first = config.credentials.at(0);
  EXPECT_EQ(first.meta.app_secret, (SecretRef{SecretRef::Kind::kKubernetes, "meta", "app_secret"}));
  EXPECT_EQ(first.source, (SourceSpec{SourceKind::kKubernetes, "other/in", "token", {}}));
  EXPECT_EQ(first.sinks.at(0).Target(), "other/out#ACCESS_TOKEN");
  EXPECT_EQ(first.sinks.at(0).drift, Drift::kAlarm);
  EXPECT_EQ(first.sinks.at(1).Target(), "out.v2#token");
  EXPECT_EQ(first.sinks.at(2).Target(), "short#token");
  EXPECT_EQ(first.notify.at(0).workload, "other/deployment/bot");
  EXPECT_EQ(first.notify.at(0).min_interval, kMinute * 5);
  EXPECT_EQ(first.notify.at(1).workload, "statefulset/bot");
  EXPECT_EQ(first.notify.at(1).min_interval, kMinute);
  EXPECT_EQ(first.notify.at(2).workload, "daemonset/bot");
  const CredentialSpec& second = config.credentials.at(1);
  EXPECT_EQ(second.meta.app_secret, first.meta.app_secret);
  EXPECT_EQ(second.source, first.source);
}

TEST(ParseConfig, TakesTheDefaultsOfALeaseAndOfTransit) {
  const Config config =
      Good(Minimal() +
           "state: {vault: {path: kv/x}, key: {transit: {key: k, wrapped_file: w}}}\n"
           "coordination: {lease: {name: tokenwarden}}\n");
  EXPECT_EQ(config.lease, (LeaseSpec{"", "tokenwarden", 1, Seconds{15}}));
  EXPECT_EQ(config.state_transit_key->mount, "transit");
}

TEST(ParseConfig, NeedsNoFileForTheWrappedKeyOfAStateOnAServer) {
  const Config config =
      Good(Minimal() + "state: {kubernetes: {secret: s}, key: {transit: {key: k}}}\n" +
           "kubernetes: {namespace: n}\n");
  EXPECT_EQ(config.state_transit_key->wrapped_file, "");
}

TEST(ParseConfig, TurnsListenersOffByWordOrByEmptyText) {
  for (const char* off : {"off", "\"\""}) {
    const Config config =
        Good(Minimal() + "http: {listen: " + off + "}\ngrpc: {listen: " + off + "}\n");
    EXPECT_EQ(config.http_listen, "");
    EXPECT_EQ(config.grpc_listen, "");
  }
}

TEST(ParseConfig, AcceptsAByteOrderMarkAndWindowsLines) {
  std::string text;
  for (char c : Full()) text += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(Good("\xef\xbb\xbf" + text), Good(Full()));
}

TEST(ParseConfig, NeverCrashesOnATruncatedFile) {
  for (const std::string& text : {Full(), FullVault(), FullKubernetes()}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      const LoadedConfig loaded = ParseConfig(text.substr(0, size), "t.yaml");
      EXPECT_NE(loaded.config.has_value(), !loaded.problems.empty()) << size;
    }
  }
}

TEST(ParseConfig, NeverCrashesOnAChangedByte) {
  const std::string replacements("\0\n:{[\"&*-\t\xff", 11);
  for (const std::string& text : {Full(), FullVault(), FullKubernetes()}) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string changed = text;
      changed[at] = replacements[at % replacements.size()];
      const LoadedConfig loaded = ParseConfig(changed, "t.yaml");
      ASSERT_NE(loaded.config.has_value(), !loaded.problems.empty()) << at;
    }
  }
}

TEST(ParseConfig, RefusesALargeFileWithoutReadingAllOfIt) {
  EXPECT_EQ(Messages(ParseConfig(std::string(5 << 20, '#'), "t.yaml")),
            "t.yaml: the configuration is larger than 4 MiB\n");
}

TEST(ParseConfig, LoadsTenThousandCredentials) {
  std::string text = "version: 1\ncredentials:\n";
  for (int i = 0; i < 10000; ++i) {
    const std::string n = std::to_string(i);
    text += "  - name: c" + n + "\n    tenant: t" + n +
            "\n    meta: {app_id: 100000000000001, app_secret: {env: S" + n +
            "}, kind: system_user}\n" + "    source: {dotenv: {path: " + n +
            ".env, key: TOKEN}}\n" + "    sinks: [dotenv: {path: " + n + ".env, key: TOKEN}]\n";
  }
  EXPECT_EQ(Good(text).credentials.size(), 10000u);
}

class ConfigFile : public testing::Test {
 protected:
  ~ConfigFile() override { unlink(path_.c_str()); }
  std::string path_ = testing::TempDir() + "config." + std::to_string(getpid()) + ".yaml";
};

TEST_F(ConfigFile, IsReadFromTheDisk) {
  std::ofstream(path_) << Minimal();
  EXPECT_TRUE(LoadConfig(path_).config);
}

TEST_F(ConfigFile, IsOneProblemWhenItCannotBeRead) {
  EXPECT_EQ(Messages(LoadConfig(path_)),
            path_ +
                ": the configuration cannot be opened: No such file or "
                "directory (check the path given with --config)\n");
  EXPECT_EQ(Messages(LoadConfig("/")), "/: the configuration is not a regular file\n");
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(Messages(LoadConfig(path_)), path_ + ": the configuration is not a regular file\n");
}

}  // namespace
}  // namespace tokenwarden::yaml
