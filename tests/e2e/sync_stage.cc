#include "tests/e2e/sync_stage.h"

#include <algorithm>
#include <sstream>

#include "agent/core/base64.h"

namespace tokenwarden::it {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// A place that failed is tried again after 5, 10 and 20 seconds.
constexpr seconds kPatience{60};

constexpr char kPolicy[] =
    "path \"secret/data/bot-*\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
    "path \"secret/metadata/bot-*\" { capabilities = [\"create\", \"update\", \"patch\"] }\n";

std::string RoleFor(const std::string& name) {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name +
         ", namespace: shop}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"
         "metadata: {name: " +
         name +
         ", namespace: shop}\nrules:\n  - {apiGroups: [\"\"], resources: [secrets], "
         "resourceNames: [" +
         name +
         "], verbs: [get, patch, watch]}\n---\napiVersion: rbac.authorization.k8s.io/v1\n"
         "kind: RoleBinding\nmetadata: {name: " +
         name +
         ", namespace: shop}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: " +
         name + "}\nsubjects: [{kind: ServiceAccount, name: " + name + ", namespace: shop}]\n";
}

std::string NextName() {
  static int count = 0;
  return "bot-" + std::to_string(++count);
}

// The sum of the series of a metric that have all of these labels; nullopt when there is none.
std::optional<double> SumOf(const std::string& page, const std::string& metric,
                            const std::vector<std::string>& labels) {
  std::optional<double> sum;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(metric + "{", 0) != 0) continue;
    const bool has_all = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return line.find(label) != std::string::npos;
    });
    if (has_all) sum = sum.value_or(0) + std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

std::string Label(const std::string& name, const std::string& value) {
  return name + "=\"" + value + "\"";
}

}  // namespace

ControlPlane& SyncStage::cluster() {
  static ControlPlane cluster;
  return cluster;
}

SyncStage::SyncStage(VaultServer& vault) : vault_(vault), name_(NextName()) {
  cluster().MakeServiceAccount("shop", name_);
  cluster().Apply(RoleFor(name_));
  vault_.Must({"policy", "write", "agent", "-"}, kPolicy);
  vault_.Must({"kv", "metadata", "put", "-max-versions=500", path()});
  vault_.Must({"kv", "put", path(), "other=kept"});
}

SyncStage::Route SyncStage::Directly() const {
  return {vault_.address(), "{token_file: " + stage_.room().File("vault-token") + "}",
          cluster().server(), ""};
}

void SyncStage::WriteNewToken() {
  const std::string token = Json::parse(vault_.Must(
      {"token", "create", "-policy=agent", "-period=1h", "-format=json"}))["auth"]["client_token"];
  PlantSecret(token);
  stage_.room().Write("vault-token", token);
}

std::string SyncStage::ByAppRole() {
  vault_.Vault({"auth", "enable", "approle"});  // fails the second time
  const std::string role = "auth/approle/role/agent";
  vault_.Must({"write", role, "token_policies=agent", "token_ttl=1h"});
  stage_.room().Write("role-id", vault_.Must({"read", "-field=role_id", role + "/role-id"}));
  const std::string secret_id =
      vault_.Must({"write", "-f", "-field=secret_id", role + "/secret-id"});
  PlantSecret(secret_id);
  stage_.room().Write("secret-id", secret_id);
  return "{approle: {role_id: {file: " + stage_.room().File("role-id") +
         "}, secret_id: {file: " + stage_.room().File("secret-id") + "}}}";
}

void SyncStage::WriteConfig(const Route& route) {
  stage_.WriteConfigText(R"(
  - name: whatsapp
    meta:
      app_id: "100000000000001"
      app_secret: {dotenv: {path: .env, key: FACEBOOK_APP_SECRET}}
      kind: system_user
      require: {scopes: [whatsapp_business_messaging], phone_number_id: "400000000000001"}
    source: {dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}
    renew: {before: 14d}
    inspect: {every: 1h}
    verify: {every: 1s}
    sinks:
      - dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}
      - vault: {path: )" +
                         path() +
                         R"(, key: access_token}
      - kubernetes: {secret: )" +
                         name_ + ", key: access_token}\n");
  std::string config = stage_.room().Read("tokenwarden.yaml");
  if (!route.state.empty()) {
    const std::size_t at = config.find("state: ");
    config.replace(at, config.find('\n', at) - at, "state: " + route.state);
  }
  const std::string kubeconfig =
      cluster().KubeconfigFor(cluster().TokenOf("shop", name_), route.kubernetes);
  stage_.room().Write("tokenwarden.yaml", config + "vault: {address: \"" + route.vault +
                                              "\", auth: " + route.vault_auth +
                                              "}\nkubernetes: {kubeconfig: " + kubeconfig +
                                              ", namespace: shop}\n");
}

void SyncStage::Start(const Route& route) {
  WriteNewToken();
  values_ = {stage_.issuer().MintEnding(hours(24 * 40), hours(24 * 10))};
  stage_.WriteEnv(values_.front());
  WriteConfig(route);
  stage_.StartAgent();
  AwaitInSync();
}

void SyncStage::Renew() {
  const Finished asked = stage_.Cli({"refresh", "whatsapp"});
  EXPECT_EQ(asked.exit_code, 0) << asked.err << stage_.agent().err();
  const auto renewed = [&] { return stage_.TokenInEnv() != values_.back(); };
  ASSERT_TRUE(Eventually(renewed, kPatience)) << stage_.agent().err();
  values_.push_back(stage_.TokenInEnv());
  PlantSecret(values_.back());
}

void SyncStage::AwaitPlace(const std::string& sink) {
  const std::vector<std::string> labels = {Label("sink", sink)};
  const auto there = [&] {
    const std::string page = stage_.Page("/metrics").body;
    return SumOf(page, "tokenwarden_sink_generation", labels) == generation() &&
           SumOf(page, "tokenwarden_sink_drifted", labels) == 0 &&
           SumOf(page, "tokenwarden_sink_last_verified_timestamp_seconds", labels);
  };
  ASSERT_TRUE(Eventually(there, kPatience))
      << sink << " never got generation " << generation() << "; the agent says:\n"
      << stage_.agent().err();
}

void SyncStage::AwaitInSync() {
  for (const char* sink : {"dotenv", "vault", "kubernetes"}) {
    ASSERT_NO_FATAL_FAILURE(AwaitPlace(sink));
  }
  EXPECT_EQ(CountBehind(), 0) << stage_.agent().err();
  const Json secret = VaultSecret();
  const Json& markers = secret["metadata"]["custom_metadata"];
  EXPECT_EQ(markers["tokenwarden_generation"], std::to_string(generation()));
  EXPECT_EQ(Annotation("generation"), std::to_string(generation()));
  EXPECT_EQ(markers["tokenwarden_fingerprint"], Annotation("fingerprint"));
  EXPECT_TRUE(secret["data"].contains("other"));
  EXPECT_EQ(stage_.issuer().Exchanges(), generation() - 1);
  EXPECT_EQ(CountStaleOverwrites(), 0);
}

int SyncStage::FailuresOf(const std::string& sink, const std::string& reason) const {
  std::vector<std::string> labels = {Label("sink", sink)};
  if (!reason.empty()) labels.push_back(Label("reason", reason));
  return static_cast<int>(
      SumOf(stage_.Page("/metrics").body, "tokenwarden_sink_publish_failures_total", labels)
          .value_or(0));
}

void SyncStage::AwaitFailure(const std::string& sink, const std::string& reason) {
  ASSERT_TRUE(Eventually([&] { return FailuresOf(sink, reason) > 0; }, kPatience))
      << sink << " never failed with " << reason << "; the agent says:\n"
      << stage_.agent().err();
}

std::string SyncStage::InVault() const {
  return vault_.Vault({"kv", "get", "-field=access_token", path()}).out;
}

Json SyncStage::VaultSecret() const {
  return Json::parse(vault_.Must({"kv", "get", "-format=json", path()}))["data"];
}

std::string SyncStage::InCluster() const {
  const std::string coded =
      cluster().Must({"-n", "shop", "get", "secret", name_, "-o", "jsonpath={.data.access_token}"});
  const std::optional<Secret> value = FromBase64(coded);
  return value ? std::string(value->Reveal()) : "";
}

std::string SyncStage::Annotation(const std::string& word) const {
  return cluster().Must({"-n", "shop", "get", "secret", name_, "-o",
                         "jsonpath={.metadata.annotations.tokenwarden\\.dev/" + word + "}"});
}

std::vector<std::string> SyncStage::HistoryInVault(const std::string& key) const {
  std::vector<std::string> history;
  const int newest = VaultSecret()["metadata"]["version"];
  for (int version = 1; version <= newest; ++version) {
    const Json data = Json::parse(
        vault_.Must({"kv", "get", "-format=json", "-version=" + std::to_string(version), path()}));
    history.push_back(data["data"]["data"].value(key, ""));
  }
  return history;
}

int SyncStage::CountBehind() const {
  int behind = 0;
  for (const std::string& held : {stage_.TokenInEnv(), InVault(), InCluster()}) {
    behind += held == values_.back() ? 0 : 1;
  }
  return behind;
}

int SyncStage::CountStaleOverwrites() const {
  int older = 0;
  auto newest = values_.begin();
  for (const std::string& value : HistoryInVault("access_token")) {
    const auto found = std::find(values_.begin(), values_.end(), value);
    if (found == values_.end()) continue;  // nothing yet, or written by hand
    older += found < newest ? 1 : 0;
    newest = std::max(newest, found);
  }
  return older;
}

}  // namespace tokenwarden::it
