#include "tests/e2e/node/node_stage.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iostream>
#include <sstream>

#include "agent/core/base64.h"

namespace tokenwarden::it {
namespace {

constexpr char kNodeAddress[] = "10.88.0.1";
constexpr char kCaInPod[] = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

// `{{…}}` is filled in.
constexpr char kKeeper[] = R"(
stateKey: {existingSecret: tokenwarden-key}
config:
  state: {kubernetes: {secret: tokenwarden-state}}
  credentials:
    - name: whatsapp
      meta:
        app_id: "100000000000001"
        app_secret: {kubernetes: meta-app#app-secret}
        kind: system_user
        require:
          scopes: [whatsapp_business_messaging, whatsapp_business_management]
          phone_number_id: "400000000000001"
        generate:
          system_user_id: "300000000000001"
          token: {kubernetes: meta-admin#token}
      source: {kubernetes: whatsapp-token#access_token}
      renew: {before: 14d}
      inspect: {every: 1s}
      sinks: [{kubernetes: whatsapp-token#access_token}]
      notify: [{kubernetes_rollout: {deployment: bot, min_interval: 1s}}]
)";

constexpr char kShop[] = "replicas: 1\nmigrate: false\n";

constexpr char kNamespace[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: {{name}}, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop, namespace: {{name}}}
)";

// An application without an agent; `{{…}}` is filled in.
constexpr char kApplication[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{name}}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: {{name}}}}
  template:
    metadata: {labels: {app.kubernetes.io/name: {{name}}}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      volumes: [{name: token, secret: {secretName: whatsapp-token}}]
      containers:
        - name: {{name}}
          image: shop:1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: token, mountPath: /secret}]
          env: [{{env}}]
)";

std::string Filled(std::string text, const std::string& word, const std::string& with) {
  const std::string place = "{{" + word + "}}";
  for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place)) {
    text.replace(at, place.size(), with);
  }
  return text;
}

std::string NextSpace() {
  static int number = 0;
  return "space-" + std::to_string(++number);
}

// `2026-11-28T09:54:08.445294087Z` in seconds since 1970.
double Seconds(const std::string& stamp) {
  std::tm parts{};
  const char* rest = strptime(stamp.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nan("");
  return static_cast<double>(timegm(&parts)) + std::strtod(rest, nullptr);
}

std::string Digest(const std::string& value) {
  return RunProgram({{"/usr/bin/sha256sum"}, {}, "", value}).out.substr(0, 16);
}

std::string Script(const std::string& name) {
  return std::string(TOKENWARDEN_SOURCE_DIR) + "/tests/" + name;
}

}  // namespace

Cluster& NodeStage::cluster() {
  static Cluster cluster = Cluster::Around();
  return cluster;
}

NodeStage::NodeStage() : space_(NextSpace()) {
  const std::string issuer_port = issuer_.url().substr(issuer_.url().rfind(':') + 1);
  front_ = std::make_unique<Server>(Server::Options{
      "front",
      {"/usr/bin/python3", Script("e2e/node/tls_front.py"), cluster().PkiFile("apiserver.crt"),
       cluster().PkiFile("apiserver.key"), kNodeAddress, room_.File("port"), issuer_port},
      {},
      room_.path()});
  front_->Await([&] { return access(room_.File("port").c_str(), R_OK) == 0; });
  front_url_ = std::string("https://") + kNodeAddress + ":" + room_.Read("port");

  cluster().Apply(Filled(kNamespace, "name", space_));
  WriteSecret("tokenwarden-key", "key",
              "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  WriteSecret("meta-app", "app-secret", issuer_.app_secret());
  WriteSecret("meta-admin", "token", issuer_.Mint({{"kind", "system_user"}, {"expires_in", 0}}));
}

void NodeStage::TearDown() {
  if (HasFailure()) std::cout << Story();
  Kubectl({"delete", "namespace", space_, "--wait=false"});
}

std::string NodeStage::Mint() {
  return issuer_.MintEnding(std::chrono::hours(24 * 60), std::chrono::seconds(0));
}

void NodeStage::Revoke(const std::string& token) {
  issuer_.Control("tokens/kill", {{"token", token}, {"state", "revoked"}});
}

void NodeStage::WriteSecret(const std::string& name, const std::string& key,
                            const std::string& value) const {
  const Json secret = {{"apiVersion", "v1"},
                       {"kind", "Secret"},
                       {"metadata", {{"name", name}}},
                       {"stringData", {{key, value}}}};
  Kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, secret.dump());
}

void NodeStage::WriteToken(const std::string& token) {
  WriteSecret("whatsapp-token", "access_token", token);
}

std::string NodeStage::Token() const {
  const std::optional<Secret> value =
      FromBase64(Field("secret/whatsapp-token", ".data.access_token"));
  if (!value) return "";
  PlantSecret(std::string(value->Reveal()));
  return std::string(value->Reveal());
}

std::vector<std::string> NodeStage::ForPods() const {
  return {"config.tls.ca_file=" + std::string(kCaInPod),
          "config.defaults.meta.endpoint=" + front_url_};
}

void NodeStage::RunHelm(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), {"-n", space_});
  for (const std::string& setting : more) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  helm_.Must(arguments);
}

void NodeStage::InstallKeeper(const std::vector<std::string>& more) {
  std::vector<std::string> settings = ForPods();
  settings.insert(settings.end(), more.begin(), more.end());
  RunHelm(
      {"install", "keeper", Helm::Chart("tokenwarden"), "-f", room_.Write("keeper.yaml", kKeeper)},
      settings);
  AwaitRollout("keeper-tokenwarden");
}

void NodeStage::UpgradeKeeper(const std::vector<std::string>& more) {
  RunHelm({"upgrade", "keeper", Helm::Chart("tokenwarden"), "--reuse-values"}, more);
}

void NodeStage::InstallShop(const std::vector<std::string>& more) {
  std::vector<std::string> settings = ForPods();
  settings.insert(settings.end(), more.begin(), more.end());
  for (std::string& setting : settings) setting = "tokenwarden-sidecar." + setting;
  RunHelm({"install", "shop", helm_.Shop(), "-f", room_.Write("shop.yaml", kShop)}, settings);
}

void NodeStage::StartBot() {
  const std::string env =
      "{name: WHATSAPP_TOKEN, valueFrom: {secretKeyRef: {name: whatsapp-token, key: "
      "access_token}}}";
  Kubectl({"apply", "-f", "-"}, Filled(Filled(kApplication, "name", "bot"), "env", env));
  AwaitRollout("bot");
}

void NodeStage::StartMounter() {
  const std::string env = "{name: WHATSAPP_TOKEN_FILE, value: /secret/access_token}";
  Kubectl({"apply", "-f", "-"}, Filled(Filled(kApplication, "name", "mounter"), "env", env));
  AwaitRollout("mounter");
}

std::string NodeStage::Kubectl(std::vector<std::string> arguments, const std::string& input) const {
  arguments.insert(arguments.begin(), {"-n", space_});
  return cluster().Must(std::move(arguments), input);
}

std::string NodeStage::Field(const std::string& object, const std::string& path) const {
  return cluster().Kubectl({"-n", space_, "get", object, "-o", "jsonpath={" + path + "}"}).out;
}

void NodeStage::AwaitRollout(const std::string& deployment) const {
  const auto complete = [&] {
    return cluster()
               .Kubectl(
                   {"-n", space_, "rollout", "status", "deployment/" + deployment, "--timeout=10s"})
               .exit_code == 0;
  };
  EXPECT_TRUE(Eventually(complete, kPatience)) << deployment << "\n" << Story();
}

std::string NodeStage::PodOf(const std::string& name) const {
  std::string pod;
  Eventually(
      [&] {
        const Json pods = Json::parse(
            Kubectl({"get", "pods", "-l", "app.kubernetes.io/name=" + name, "-o", "json"}));
        pod.clear();
        int living = 0;
        for (const Json& each : pods["items"]) {
          if (each["metadata"].contains("deletionTimestamp")) continue;
          if (each["status"].value("phase", "") == "Failed") continue;  // evicted
          pod = each["metadata"]["name"];
          ++living;
        }
        return living == 1;
      },
      kPatience);
  EXPECT_NE(pod, "") << name << " has no pod";
  return pod;
}

bool NodeStage::AwaitPod(const std::string& pod, const std::string& path,
                         const std::string& value) const {
  const bool is = Eventually([&] { return Field("pod/" + pod, path) == value; }, kPatience);
  EXPECT_TRUE(is) << pod << ": " << path << " is " << Field("pod/" + pod, path) << ", not "
                  << value;
  return is;
}

std::vector<NodeStage::Line> NodeStage::LinesOf(const std::string& log) {
  std::vector<Line> lines;
  std::istringstream in(log);
  for (std::string line; std::getline(in, line);) {
    const std::size_t space = line.find(' ');
    if (space != std::string::npos) lines.push_back({Seconds(line), line.substr(space + 1)});
  }
  return lines;
}

std::vector<NodeStage::Line> NodeStage::Log(const std::string& pod,
                                            const std::string& container) const {
  const Finished printed =
      cluster().Kubectl({"-n", space_, "logs", pod, "-c", container, "--timestamps"});
  ExpectNoSecret(printed.out, "the log of " + container);
  return LinesOf(printed.out);
}

double NodeStage::TimeOf(const std::string& log, const std::string& text) {
  for (const Line& line : LinesOf(log)) {
    if (line.text.find(text) != std::string::npos) return line.at;
  }
  return std::nan("");
}

double NodeStage::AwaitLine(const std::string& pod, const std::string& container,
                            const std::string& text) const {
  double at = std::nan("");
  const auto written = [&] {
    for (const Line& line : Log(pod, container)) {
      if (line.text.find(text) == std::string::npos) continue;
      at = line.at;
      return true;
    }
    return false;
  };
  EXPECT_TRUE(Eventually(written, kPatience)) << container << " never wrote: " << text;
  return at;
}

std::string NodeStage::SeenLine(const std::string& token) { return "sees " + Digest(token); }

double NodeStage::AwaitSeen(const std::string& pod, const std::string& token) const {
  return AwaitLine(pod, pod.substr(0, pod.find('-')), SeenLine(token));
}

int NodeStage::Generated() const {
  return issuer_.Counts().value("committed", Json::object()).value("generate", 0);
}

double NodeStage::AwaitGenerated(int count) const {
  EXPECT_TRUE(Eventually([&] { return Generated() >= count; }, kPatience));
  EXPECT_EQ(Generated(), count);
  return WallClock();
}

std::string NodeStage::Story() const {
  const auto say = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-n", space_});
    const Finished done = cluster().Kubectl(std::move(arguments));
    ExpectNoSecret(done.out, "the story");
    return done.out + done.err;
  };
  return say({"get", "deployments,pods", "-o", "wide"}) +
         say({"get", "events", "--sort-by=.lastTimestamp"}) +
         say({"logs", "deployment/keeper-tokenwarden", "--tail=20"}) +
         say({"logs", "deployment/shop", "-c", "tokenwarden", "--tail=20"});
}

void NodeStage::Measured(const std::string& what, double value, const std::string& unit) {
  std::ostringstream text;
  text.precision(3);
  text << std::fixed << value;
  std::cout << "measured: " << what << " " << text.str() << " " << unit << std::endl;
  std::string word = what;
  std::replace(word.begin(), word.end(), ' ', '_');
  RecordProperty(word + "_" + unit, text.str());
}

}  // namespace tokenwarden::it
