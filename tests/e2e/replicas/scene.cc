#include "tests/e2e/replicas/scene.h"

#include <nlohmann/json.hpp>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/state_key.h"
#include "tests/e2e/replicas/web.h"

namespace tokenwarden::replicas {
namespace {

using it::Json;

constexpr char kStateKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr char kPolicy[] = R"(
path "secret/data/values/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/values/*" { capabilities = ["create", "read", "update", "patch"] }
path "secret/data/state/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/state/*" { capabilities = ["create", "read", "update", "patch"] }
)";

std::string Numbered(const std::string& word, int number) {
  std::string digits = std::to_string(number);
  return word + "-" + std::string(3 - std::min<std::size_t>(3, digits.size()), '0') + digits;
}

std::string Rule(const std::string& group, const std::string& resource, const Json& names,
                 const std::string& verbs) {
  return "  - {apiGroups: [\"" + group + "\"], resources: [" + resource +
         "], resourceNames: " + names.dump() + ", verbs: [" + verbs + "]}\n";
}

// Exactly what the agents' configuration refers to, by name.
std::string RoleFor(const Json& secrets, const Json& leases) {
  const std::string head = "\nmetadata: {name: agents, namespace: " + std::string(kNamespace) + "}";
  return "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role" + head + "\nrules:\n" +
         Rule("", "secrets", secrets, "get, watch, create, patch") +
         Rule("", "secrets", Json{"state"}, "get, create, patch") +
         Rule("coordination.k8s.io", "leases", leases, "get, update") +
         "  - {apiGroups: [events.k8s.io], resources: [events], verbs: [create]}\n" +
         "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding" + head +
         "\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: agents}\n" +
         "subjects: [{kind: ServiceAccount, name: agents, namespace: " + kNamespace + "}]\n";
}

}  // namespace

Scene::Scene(const Shape& shape) : shape_(shape) {
  room_.Write("key", kStateKey);
  room_.Write("app-secret", issuer_.app_secret());
  Result<crypto::StateKey> key = crypto::ParseStateKey(Secret(kStateKey));
  fingerprinter_ = crypto::MakeFingerprinter(*key);
  for (int i = 1; i <= shape_.credentials; ++i) credentials_.push_back(Numbered("c", i));
  MintValues();
  FillCluster();
  if (shape_.with_vault) FillVault();
}

void Scene::MintValues() {
  for (const std::string& name : credentials_) {
    first_values_[name] = issuer_.MintEnding(std::chrono::hours(24 * 40), std::chrono::seconds(0));
    room_.Write(name, first_values_[name]);
  }
  // Long enough that an agent can be met while it waits for the reply.
  issuer_.Control("knobs", {{"latency_ms", 20}});
}

void Scene::FillCluster() {
  cluster_.MakeServiceAccount(kNamespace, "agents");
  Json leases = Json::array();
  std::string made;
  for (int shard = 0; shard < shape_.shards; ++shard) {
    leases.push_back("share-" + std::to_string(shard));
    made += "---\napiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: share-" +
            std::to_string(shard) + ", namespace: " + kNamespace + "}\n";
  }
  cluster_.Apply(RoleFor(credentials_, leases) + made);
  kubeconfig_ = cluster_.KubeconfigFor(cluster_.TokenOf(kNamespace, "agents"));
}

void Scene::FillVault() {
  vault_ = it::VaultServer::StartDev();
  vault_->Must({"policy", "write", "agents", "-"}, kPolicy);
  vault_->Must({"write", "secret/config", "max_versions=1000"});  // of values: the whole history
  const Json token = Json::parse(
      vault_->Must({"token", "create", "-policy=agents", "-period=1h", "-format=json"}));
  const std::string value = token["auth"]["client_token"];
  it::PlantSecret(value);
  room_.Write("vault-token", value);
}

Setting Scene::MakeSetting() const {
  Setting setting;
  setting.credentials = credentials_;
  setting.token_directory = room_.path();
  setting.sinks = "      - kubernetes: {secret: NAME, key: " + std::string(kKey) + "}\n";
  std::string state = "kubernetes: {secret: state}";
  if (shape_.with_vault) {
    setting.sinks += "      - vault: {path: secret/values/NAME, key: " + std::string(kKey) + "}\n";
    state = "vault: {path: secret/state}";
    setting.shared += "vault: {address: \"" + vault_->address() +
                      "\", auth: {token_file: " + room_.File("vault-token") + "}}\n";
  }
  if (shape_.with_leases) {
    setting.shared +=
        "coordination: {lease: {name: share, shards: " + std::to_string(shape_.shards) +
        ", duration: " + std::to_string(shape_.lease_seconds) + "s}}\n";
  } else {
    state = "path: " + room_.File("AGENT/state.db");
  }
  setting.state = "state: {" + state + ", key: {file: " + room_.File("key") + "}}\n";
  setting.shared += "limits: {request_timeout: " + std::to_string(shape_.lease_seconds - 1) +
                    "s}\nkubernetes: {kubeconfig: " + kubeconfig_ + ", namespace: " + kNamespace +
                    "}\ndefaults:\n  meta: {app_id: \"100000000000001\", app_secret: {file: " +
                    room_.File("app-secret") + "}}\n  inspect: {every: 1h}\n";
  return setting;
}

std::map<std::string, Place> Scene::Secrets() const {
  std::map<std::string, Place> places;
  for (const std::string& name : credentials_) {
    places["secret " + name].credential = name;
    places["secret " + name].name = "secret " + name;
  }
  return places;
}

void Scene::ReadSecrets(std::map<std::string, Place>& places) const {
  const Json list = Json::parse(cluster_.Must({"-n", kNamespace, "get", "secrets", "-o", "json"}));
  for (const Json& secret : list["items"]) {
    const auto place = places.find("secret " + secret["metadata"]["name"].get<std::string>());
    const Version version = VersionOf(secret.dump());
    if (place != places.end() && !version.value.empty()) place->second.at_end = {version};
  }
}

std::string Scene::FromVault(const std::string& path) const {
  return Fetch({vault_->address() + "/v1/secret/" + path,
                {"X-Vault-Token: " + vault_->root_token()},
                vault_->ca_file()});
}

void Scene::ReadVault(std::map<std::string, Place>& places) const {
  if (!vault_) return;
  for (const std::string& name : credentials_) {
    Place& place = places["vault " + name];
    place.credential = name;
    place.name = "vault " + name;
    const Json about = Json::parse(FromVault("metadata/values/" + name), nullptr, false);
    if (!about.is_object()) continue;
    const int newest = about["data"]["current_version"];
    for (int version = 1; version <= newest; ++version) {
      const Json read = Json::parse(
          FromVault("data/values/" + name + "?version=" + std::to_string(version)), nullptr, false);
      if (!read.is_object()) continue;
      const std::string value = read["data"]["data"].value(kKey, "");
      if (!value.empty()) place.history.push_back({value, "", 0, 0, false});
    }
    if (place.history.empty()) continue;
    const Json& markers = about["data"]["custom_metadata"];
    place.at_end = {place.history.back()};
    place.at_end.front().fingerprint = markers.value("tokenwarden_fingerprint", "");
  }
}

}  // namespace tokenwarden::replicas
