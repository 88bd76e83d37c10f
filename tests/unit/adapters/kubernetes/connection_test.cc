#include "agent/adapters/kubernetes/connection.h"

#include <map>

#include "agent/core/base64.h"
#include "tests/unit/adapters/kubernetes/bench.h"
#include "tests/unit/adapters/kubernetes/temp_directory.h"

namespace tokenwarden::kubernetes {
namespace {

struct ConnectionTest : testing::Test {
  Result<Connection> Connect() {
    Options options;
    options.service_account_directory = directory.File("sa");
    options.environment = [this](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    };
    return MakeConnection(spec, options, clock);
  }
  void BeInAPod() {
    variables["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
    variables["KUBERNETES_SERVICE_PORT"] = "443";
    directory.Write("sa/token", "first-bearer\n");
    directory.Write("sa/ca.crt", "ca");
    directory.Write("sa/namespace", "prod\n");
  }
  // With `cluster` and `user` as the inside of a YAML flow mapping.
  void WriteKubeconfig(const std::string& cluster, const std::string& user,
                       const std::string& more = "") {
    variables["KUBECONFIG"] = directory.Write(
        "config",
        "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {" + cluster +
            "}}]\nusers: [{name: u, user: {" + user +
            "}}]\ncontexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]\n" +
            (more.empty() ? "current-context: x\n" : more));
  }
  std::string ReasonOf(const Result<Connection>& connection) {
    return connection ? "connected" : connection.error().reason;
  }
  static std::string TokenOf(const Connection& connection) {
    const Result<Presented> presented = connection.identity->Present();
    return presented && presented->token ? std::string(presented->token->Reveal()) : "none";
  }

  TempDirectory directory;
  std::map<std::string, std::string> variables;
  KubernetesSpec spec;
  FakeClock clock{kStart};
};

constexpr const char* kServer = "server: 'https://kube.test:6443/'";

TEST_F(ConnectionTest, IsThePodsServiceAccountInAPod) {
  BeInAPod();
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->server, "https://10.96.0.1:443");
  EXPECT_EQ(connection->ca_file, directory.File("sa/ca.crt"));
  EXPECT_EQ(connection->default_namespace, "prod");
  EXPECT_EQ(TokenOf(*connection), "first-bearer");
}

TEST_F(ConnectionTest, PutsAnAddressOfIpv6InBrackets) {
  BeInAPod();
  variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  EXPECT_EQ(Connect()->server, "https://[fd00::1]:443");
}

TEST_F(ConnectionTest, ReadsTheTokenAnewAndKeepsTheLastOneWhileThereIsNone) {
  BeInAPod();
  Result<Connection> connection = Connect();
  EXPECT_EQ(TokenOf(*connection), "first-bearer");
  directory.Write("sa/token", "second-bearer");
  EXPECT_EQ(TokenOf(*connection), "second-bearer");
  directory.Write("sa/token", "\n");
  EXPECT_EQ(TokenOf(*connection), "second-bearer");
  std::filesystem::remove(directory.File("sa/token"));
  EXPECT_EQ(TokenOf(*connection), "second-bearer");
}

TEST_F(ConnectionTest, PrefersTheConfiguredNamespaceThenThePods) {
  BeInAPod();
  variables["POD_NAMESPACE"] = "by-downward-api";
  EXPECT_EQ(Connect()->default_namespace, "by-downward-api");
  spec.default_namespace = "configured";
  EXPECT_EQ(Connect()->default_namespace, "configured");
}

TEST_F(ConnectionTest, SaysWhatIsMissingWhereThereIsNoCluster) {
  const Result<Connection> none = Connect();
  EXPECT_EQ(ReasonOf(none), "no_kubernetes_configured");
  EXPECT_NE(none.error().action.find("KUBECONFIG"), std::string::npos);
}

TEST_F(ConnectionTest, UsesAKubeconfigInAPodWhenOneIsConfigured) {
  BeInAPod();
  WriteKubeconfig(kServer, "token: config-bearer");
  spec.kubeconfig = directory.File("config");
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->server, "https://kube.test:6443");
  EXPECT_EQ(TokenOf(*connection), "config-bearer");
}

TEST_F(ConnectionTest, ReadsTheHomeKubeconfigWhenNothingElseIsNamed) {
  WriteKubeconfig(kServer, "token: config-bearer");
  variables.erase("KUBECONFIG");
  std::filesystem::create_directories(directory.File("home/.kube"));
  std::filesystem::rename(directory.File("config"), directory.File("home/.kube/config"));
  variables["HOME"] = directory.File("home");
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->default_namespace, "shop");
}

TEST_F(ConnectionTest, MergesTheFilesOfKubeconfigAndTheFirstWins) {
  WriteKubeconfig(kServer, "token: first-bearer", "preferences: {}\n");
  const std::string first = variables["KUBECONFIG"];
  const std::string second = directory.Write(
      "second", "users: [{name: u, user: {token: second-bearer}}]\ncurrent-context: x\n");
  variables["KUBECONFIG"] = directory.File("missing") + ":" + first + ":" + second;
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(TokenOf(*connection), "first-bearer");
}

TEST_F(ConnectionTest, TakesAFileOfJson) {
  variables["KUBECONFIG"] = directory.Write(
      "config",
      R"({"current-context":"x","clusters":[{"name":"c","cluster":{"server":"https://a"}}],)"
      R"("users":[{"name":"u","user":{"token":"json-bearer"}}],)"
      R"("contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}]})");
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->default_namespace, "default");
}

TEST_F(ConnectionTest, ReadsFilesBesideTheKubeconfig) {
  WriteKubeconfig(std::string(kServer) + ", certificate-authority: ca.pem", "tokenFile: bearer");
  directory.Write("bearer", "file-bearer\n");
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->ca_file, directory.File("ca.pem"));
  EXPECT_EQ(TokenOf(*connection), "file-bearer");
}

TEST_F(ConnectionTest, PrefersATokenFileToATokenAsKubectlDoes) {
  WriteKubeconfig(kServer, "token: inline-bearer, tokenFile: bearer");
  directory.Write("bearer", "file-bearer");
  EXPECT_EQ(TokenOf(*Connect()), "file-bearer");
}

TEST_F(ConnectionTest, TakesCertificatesAsDataAndAsFiles) {
  WriteKubeconfig(std::string(kServer) + ", certificate-authority-data: " + ToBase64("ca-pem"),
                  "client-certificate-data: " + ToBase64("cert-pem") +
                      ", client-key-data: " + ToBase64("key-pem"));
  Result<Connection> by_data = Connect();
  ASSERT_TRUE(by_data) << by_data.error().message;
  EXPECT_EQ(by_data->ca_pem, "ca-pem");
  EXPECT_EQ(by_data->identity->Present()->certificate->certificate_pem, "cert-pem");
  EXPECT_EQ(by_data->identity->Present()->certificate->private_key_pem.Reveal(), "key-pem");

  WriteKubeconfig(kServer, "client-certificate: c.pem, client-key: k.pem");
  directory.Write("c.pem", "file-cert");
  directory.Write("k.pem", "file-key");
  Result<Connection> by_file = Connect();
  ASSERT_TRUE(by_file) << by_file.error().message;
  EXPECT_EQ(by_file->identity->Present()->certificate->certificate_pem, "file-cert");
  directory.Write("c.pem", "rotated-cert");
  EXPECT_EQ(by_file->identity->Present()->certificate->certificate_pem, "rotated-cert");
}

TEST_F(ConnectionTest, RefusesAConnectionThatAnybodyCouldRead) {
  WriteKubeconfig(std::string(kServer) + ", insecure-skip-tls-verify: true", "token: a");
  const Result<Connection> insecure = Connect();
  EXPECT_EQ(ReasonOf(insecure), "insecure_tls");
  EXPECT_NE(insecure.error().message.find("insecure-skip-tls-verify"), std::string::npos);
}

TEST_F(ConnectionTest, RefusesWhatItCannotHonourByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"username: a, password: b", "username"},
      {"auth-provider: {name: gcp}", "auth-provider"},
      {"token: a, as: root", "as"},
      {"token: a, as-groups: [g]", "as-groups"},
  };
  for (const auto& [user, key] : cases) {
    WriteKubeconfig(kServer, user);
    const Result<Connection> refused = Connect();
    EXPECT_EQ(ReasonOf(refused), "unsupported_kubeconfig") << user;
    EXPECT_NE(refused.error().message.find("`" + std::string(key) + "`"), std::string::npos);
  }
  for (const char* cluster : {"tls-server-name: other", "proxy-url: 'http://proxy'"}) {
    WriteKubeconfig(std::string(kServer) + ", " + cluster, "token: a");
    EXPECT_EQ(ReasonOf(Connect()), "unsupported_kubeconfig") << cluster;
  }
}

TEST_F(ConnectionTest, SaysWhatIsWrongWithABadFile) {
  const std::pair<std::string, const char*> files[] = {
      {"clusters: [", "line"},
      {"[]", "no current-context"},
      {"just text", "no current-context"},
      {"current-context: x", "no context named `x`"},
      {"current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]",
       "no cluster named `c`"},
      {"current-context: x\ncontexts: {name: x}", "no context named `x`"},
      {"current-context: x\ncontexts: [{name: x, context: text}]", "no context named `x`"},
  };
  for (const auto& [text, seen] : files) {
    variables["KUBECONFIG"] = directory.Write("config", text);
    const Result<Connection> bad = Connect();
    EXPECT_EQ(ReasonOf(bad), "bad_kubeconfig") << text;
    EXPECT_NE(bad.error().message.find(seen), std::string::npos) << bad.error().message;
  }
  WriteKubeconfig(kServer, "client-certificate-data: " + ToBase64("c"));
  EXPECT_EQ(ReasonOf(Connect()), "bad_kubeconfig");
  WriteKubeconfig(std::string(kServer) + ", certificate-authority-data: '!'", "token: a");
  EXPECT_EQ(ReasonOf(Connect()), "bad_kubeconfig");
  WriteKubeconfig(std::string(kServer) +
                      ", certificate-authority-data: YQ==, "
                      "certificate-authority: ca.pem",
                  "token: a");
  EXPECT_EQ(ReasonOf(Connect()), "bad_kubeconfig");
}

TEST_F(ConnectionTest, TakesTheConfiguredContext) {
  WriteKubeconfig(kServer, "token: a");
  spec.context = "y";
  const Result<Connection> other = Connect();
  EXPECT_EQ(ReasonOf(other), "bad_kubeconfig");
  EXPECT_NE(other.error().message.find("`y`"), std::string::npos);
}

// ---- exec plugins ----

struct ExecTest : ConnectionTest {
  // The plugin counts its runs in the file `runs`.
  void WritePlugin(const std::string& body, const std::string& more = "") {
    directory.Write("plugin", "#!/bin/sh\necho run >> '" + directory.File("runs") + "'\n" + body,
                    0700);
    WriteKubeconfig(kServer,
                    "exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/v1, "
                    "args: [one, 'two words'], env: [{name: PLUGIN_MODE, value: quiet}]" +
                        more + "}");
  }
  int Runs() {
    std::ifstream runs(directory.File("runs"));
    int count = 0;
    for (std::string line; std::getline(runs, line);) ++count;
    return count;
  }
  static std::string Answer(const std::string& status) {
    return "printf '%s' '{\"apiVersion\":\"client.authentication.k8s.io/v1\","
           "\"kind\":\"ExecCredential\",\"status\":{" +
           status + "}}'\n";
  }
  std::string ReasonOfPresent() {
    Result<Connection> connection = Connect();
    if (!connection) return connection.error().reason;
    const Result<Presented> presented = connection->identity->Present();
    return presented ? "presented" : presented.error().reason;
  }
};

TEST_F(ExecTest, HandsOutATokenUntilItExpires) {
  WritePlugin(Answer("\"token\":\"exec-bearer\",\"expirationTimestamp\":\"2026-11-20T10:10:00Z\""));
  Result<Connection> connection = Connect();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(TokenOf(*connection), "exec-bearer");
  EXPECT_EQ(TokenOf(*connection), "exec-bearer");
  EXPECT_EQ(Runs(), 1);
  clock.Set(*ParseUtc("2026-11-20T10:09:55Z"));
  EXPECT_EQ(TokenOf(*connection), "exec-bearer");
  EXPECT_EQ(Runs(), 2);
}

TEST_F(ExecTest, ReadsAnExpiryWithAFractionAndAnOffset) {
  WritePlugin(
      Answer("\"token\":\"t\",\"expirationTimestamp\":\"2026-11-20T12:10:00.123456+02:00\""));
  Result<Connection> connection = Connect();
  TokenOf(*connection);
  clock.Set(*ParseUtc("2026-11-20T10:09:00Z"));
  TokenOf(*connection);
  EXPECT_EQ(Runs(), 1);
  clock.Set(*ParseUtc("2026-11-20T10:10:00Z"));
  TokenOf(*connection);
  EXPECT_EQ(Runs(), 2);
}

TEST_F(ExecTest, IsAskedAgainWhenItsTokenWasRefused) {
  WritePlugin(Answer("\"token\":\"t\""));
  Result<Connection> connection = Connect();
  TokenOf(*connection);
  clock.Advance(kDay * 300);
  TokenOf(*connection);
  EXPECT_EQ(Runs(), 1);
  connection->identity->Forget();
  TokenOf(*connection);
  EXPECT_EQ(Runs(), 2);
}

TEST_F(ExecTest, GetsArgumentsEnvironmentAndTheQuestionWithoutAShell) {
  WritePlugin(
      "[ \"$2\" = 'two words' ] || exit 3\n[ \"$PLUGIN_MODE\" = quiet ] || exit 4\n"
      "[ -n \"$PATH\" ] || exit 5\n"
      "case \"$KUBERNETES_EXEC_INFO\" in *kube.test*'\"interactive\":false'*) ;; *) exit 6;; "
      "esac\n" +
          Answer("\"token\":\"t\""),
      ", provideClusterInfo: true");
  EXPECT_EQ(ReasonOfPresent(), "presented");
}

TEST_F(ExecTest, HandsOutACertificateWithItsKey) {
  WritePlugin(Answer("\"clientCertificateData\":\"cert\",\"clientKeyData\":\"key\""));
  EXPECT_EQ(Connect()->identity->Present()->certificate->certificate_pem, "cert");
}

TEST_F(ExecTest, SaysWhatIsWrongWithAnAnswer) {
  const std::pair<std::string, const char*> answers[] = {
      {"exit 1\n", "exec_plugin_failed"},
      {"kill -9 $$\n", "exec_plugin_failed"},
      {"yes\n", "exec_plugin_failed"},  // more than we read
      {"echo hello\n", "bad_exec_plugin"},
      {"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"v0\"}'\n", "bad_exec_plugin"},
      {Answer("\"clientKeyData\":\"key\""), "bad_exec_plugin"},
      {Answer("\"token\":\"t\",\"expirationTimestamp\":\"tomorrow\""), "bad_exec_plugin"},
  };
  for (const auto& [body, reason] : answers) {
    WritePlugin(body);
    EXPECT_EQ(ReasonOfPresent(), reason) << body;
  }
}

TEST_F(ExecTest, NamesThePluginThatIsMissingAndHowToInstallIt) {
  WriteKubeconfig(kServer,
                  "exec: {command: no-such-plugin-of-a-test, apiVersion: "
                  "client.authentication.k8s.io/v1, installHint: 'Install it.'}");
  const Result<Presented> presented = Connect()->identity->Present();
  ASSERT_FALSE(presented);
  EXPECT_EQ(presented.error().reason, "no_exec_plugin");
  EXPECT_EQ(presented.error().action, "Install it.");
}

TEST_F(ExecTest, RefusesAPluginThatNeedsAPersonOrAnotherProtocol) {
  WritePlugin("", ", interactiveMode: Always");
  EXPECT_EQ(ReasonOf(Connect()), "bad_kubeconfig");
  WriteKubeconfig(kServer, "exec: {command: a, apiVersion: client.authentication.k8s.io/v2}");
  EXPECT_EQ(ReasonOf(Connect()), "bad_kubeconfig");
}

}  // namespace
}  // namespace tokenwarden::kubernetes
