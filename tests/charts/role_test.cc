// Agents as the chart installs them, but for the pod: its configuration, its Role, its Leases, on a
// real API server. They can do all of their work, and say what a narrower Role keeps them from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "agent/core/base64.h"
#include "tests/charts/helm.h"
#include "tests/integration/stage.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/server.h"

namespace tokenwarden::it {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kValues[] = R"(
replicaCount: 2
stateKey: {existingSecret: tokenwarden-key}
config:
  state: {kubernetes: {secret: tokenwarden-state}}
  coordination: {lease: {name: wardens, shards: 2, duration: 4s}}
  limits: {request_timeout: 2s}
  credentials:
    - name: whatsapp
      meta:
        app_id: "100000000000001"
        app_secret: {kubernetes: meta-app#app-secret}
        kind: system_user
      source: {kubernetes: whatsapp-token#access_token}
      renew: {before: 14d}
      inspect: {every: 1h}
      verify: {every: 1h}
      sinks:
        - kubernetes: whatsapp-token#access_token
        - kubernetes: whatsapp-copy#access_token
      notify: [{kubernetes_rollout: {deployment: whatsapp-bot, min_interval: 1s}}]
)";
constexpr char kStateKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr char kBot[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: whatsapp-bot}
spec:
  selector: {matchLabels: {app: bot}}
  template:
    metadata: {labels: {app: bot}}
    spec: {containers: [{name: bot, image: "bot:1"}]}
)";

void Replace(std::string& text, const std::string& old, const std::string& now) {
  const std::size_t at = text.find(old);
  ASSERT_NE(at, std::string::npos) << old;
  text.replace(at, old.size(), now);
}

// One replica, with what the pod would give it.
class Replica {
 public:
  Replica(const std::string& pod, std::string config, std::vector<std::string> environment)
      : listen_("127.0.0.1:" + std::to_string(FreePort())) {
    Replace(config, "0.0.0.0:9464", listen_);
    Replace(config, "/run/tokenwarden/agent.sock", room_.File("agent.sock"));
    Replace(config, "/run/secrets/tokenwarden/state-key/key", room_.Write("key", kStateKey));
    environment.insert(environment.end(), {"HOME=" + room_.path(), "POD_NAME=" + pod});
    agent_ = std::make_unique<Process>(
        Process::Options{{"tokenwarden-agent", "--config", room_.Write("tokenwarden.yaml", config)},
                         environment,
                         room_.path(),
                         ""});
  }

  WebReply Page(const std::string& path) const { return Get("http://" + listen_ + path); }
  bool IsReady() const { return Page("/readyz").status == 200; }
  Finished Cli(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "tokenwarden");
    return RunProgram(
        {std::move(arguments),
         {"TOKENWARDEN_ADDRESS=unix://" + room_.File("agent.sock"), "HOME=" + room_.path()},
         room_.path(),
         ""});
  }
  Process& agent() { return *agent_; }

 private:
  TemporaryDirectory room_;
  const std::string listen_;
  std::unique_ptr<Process> agent_;
};

class Role : public testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = new ControlPlane(); }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  void SetUp() override {
    MakeNamespace(*cluster_, space_);
    helm_.Must({"install", "tw", Helm::Chart("tokenwarden"), "-n", space_, "-f",
                room_.Write("values.yaml", kValues), "--set",
                "config.kubernetes.namespace=" + space_});
    Kubectl({"apply", "-f", "-"}, kBot);
    WriteSecret("meta-app", "app-secret", issuer_.app_secret());
    first_ = issuer_.MintEnding(std::chrono::hours(24 * 40), std::chrono::hours(24));
    WriteSecret("whatsapp-token", "access_token", first_);
    config_ =
        Kubectl({"get", "configmap/tw-tokenwarden", "-o", "jsonpath={.data.tokenwarden\\.yaml}"});
    kubeconfig_ = cluster_->KubeconfigFor(cluster_->TokenOf(space_, "tw-tokenwarden"));
  }

  std::unique_ptr<Replica> Start(const std::string& pod) const {
    return std::make_unique<Replica>(
        pod, config_,
        std::vector<std::string>{"KUBECONFIG=" + kubeconfig_, "POD_NAMESPACE=" + space_,
                                 "TOKENWARDEN_META_ENDPOINT=" + issuer_.url()});
  }
  std::string Kubectl(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {"-n", space_});
    return cluster_->Must(std::move(arguments), input);
  }
  void WriteSecret(const std::string& name, const std::string& key, const std::string& value) {
    const Json secret = {{"apiVersion", "v1"},
                         {"kind", "Secret"},
                         {"metadata", {{"name", name}}},
                         {"stringData", {{key, value}}}};
    Kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, secret.dump());
  }
  std::string TokenIn(const std::string& secret) const {
    const Finished done = cluster_->Kubectl(
        {"-n", space_, "get", "secret", secret, "-o", "jsonpath={.data.access_token}"});
    const std::optional<Secret> value = FromBase64(done.out);
    return value ? std::string(value->Reveal()) : "";
  }
  std::string TemplateOfBot() const {
    return Kubectl(
        {"get", "deployment/whatsapp-bot", "-o", "jsonpath={.spec.template.metadata.annotations}"});
  }
  bool HasEvents() const {
    return !Json::parse(Kubectl({"get", "events.events.k8s.io", "-o", "json"}))["items"].empty();
  }
  // Renewed by whoever holds it; false when nobody could.
  bool Refresh(const std::vector<const Replica*>& replicas) const {
    return Eventually([&] {
      for (const Replica* each : replicas) {
        if (each->Cli({"refresh", "whatsapp"}).exit_code == 0) return true;
      }
      return false;
    });
  }
  // Takes the rules about one object out of the Role.
  void Forbid(const std::string& name) {
    Json role = Json::parse(Kubectl({"get", "role/tw-tokenwarden", "-o", "json"}));
    Json kept = Json::array();
    for (const Json& rule : role["rules"]) {
      if (!rule.contains("resourceNames") || rule["resourceNames"][0] != name) kept.push_back(rule);
    }
    ASSERT_LT(kept.size(), role["rules"].size()) << name;
    Kubectl({"patch", "role/tw-tokenwarden", "--type=merge", "-p", Json{{"rules", kept}}.dump()});
  }

  Simulator issuer_;
  static ControlPlane* cluster_;
  const Helm helm_{*cluster_};
  const std::string space_ = [] {
    static int number = 0;
    return "bots-" + std::to_string(++number);
  }();
  const TemporaryDirectory room_;
  std::string first_;
  std::string config_;
  std::string kubeconfig_;
};

ControlPlane* Role::cluster_ = nullptr;

TEST_F(Role, IsEnoughForTwoReplicasThatShareTheWork) {
  auto one = Start("tw-tokenwarden-a");
  auto two = Start("tw-tokenwarden-b");
  ASSERT_TRUE(Eventually([&] { return TokenIn("whatsapp-copy") == first_; }))
      << one->agent().err() << two->agent().err();
  ASSERT_TRUE(Refresh({one.get(), two.get()})) << one->agent().err() << two->agent().err();
  ASSERT_TRUE(Eventually([&] { return TokenIn("whatsapp-copy") != first_; }));
  const std::string second = TokenIn("whatsapp-copy");
  EXPECT_TRUE(Eventually([&] { return TokenIn("whatsapp-token") == second; }));
  EXPECT_TRUE(Eventually([&] { return TemplateOfBot() != ""; }));
  EXPECT_TRUE(Eventually([&] { return HasEvents(); }));
  EXPECT_TRUE(Eventually([&] { return one->IsReady() && two->IsReady(); }));
  WriteSecret("whatsapp-copy", "access_token", "written-by-hand");
  EXPECT_TRUE(Eventually([&] { return TokenIn("whatsapp-copy") == second; }, seconds(5)));

  // Whichever of them held it: the other one goes on.
  const bool first_holds = one->Cli({"refresh", "whatsapp"}).exit_code == 0;
  auto& lost = first_holds ? one : two;
  auto& left = first_holds ? two : one;
  lost->agent().Signal(SIGKILL);
  lost->agent().Finish();
  const int exchanges = issuer_.Exchanges();
  ASSERT_TRUE(Refresh({left.get()})) << left->agent().err();
  EXPECT_EQ(issuer_.Exchanges(), exchanges + 1);
  EXPECT_TRUE(Eventually([&] { return TokenIn("whatsapp-token") == TokenIn("whatsapp-copy"); }));
  EXPECT_THAT(left->agent().err(), Not(HasSubstr("forbidden")));
}

TEST_F(Role, ThatDoesNotNameAPlaceIsToldInReadyzAndStatus) {
  Forbid("whatsapp-copy");
  auto replica = Start("tw-tokenwarden-a");
  const std::string words = "may not get secrets";
  EXPECT_TRUE(Eventually([&] {
    return replica->Page("/readyz").body.find(words) != std::string::npos;
  })) << replica->Page("/readyz").body
      << replica->agent().err();
  EXPECT_EQ(replica->Page("/readyz").status, 503);
  EXPECT_THAT(replica->Cli({"status"}).out, HasSubstr(words));
}

TEST_F(Role, ThatDoesNotNameTheAppSecretIsToldByWhoeverNeedsIt) {
  Forbid("meta-app");
  auto replica = Start("tw-tokenwarden-a");
  ASSERT_TRUE(Eventually([&] { return TokenIn("whatsapp-copy") == first_; }))
      << replica->agent().err();
  const Finished refresh = replica->Cli({"refresh", "whatsapp"});
  EXPECT_NE(refresh.exit_code, 0);
  EXPECT_THAT(refresh.err, HasSubstr("may not get secrets"));
}

TEST_F(Role, ThatDoesNotNameTheStateIsToldAtTheStart) {
  Forbid("tokenwarden-state");
  auto replica = Start("tw-tokenwarden-a");
  EXPECT_TRUE(replica->agent().AwaitOutput("may not get secrets")) << replica->agent().err();
  EXPECT_FALSE(replica->IsReady());
}

}  // namespace
}  // namespace tokenwarden::it
