#include "agent/adapters/yaml/server_rules.h"

#include <map>
#include <string>

namespace tokenwarden::yaml {
namespace {

// The value behind a path of keys, or nullptr.
const Node* At(const Node* node, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) {
    if (node != nullptr) node = node->Find(key);
  }
  return node;
}

bool IsBelow(const std::string& path, const std::string& prefix) {
  return path.compare(0, prefix.size() + 1, prefix + "/") == 0;
}

// ---- the agent ----

struct Whole {
  const Node& root;
  const Config& config;
  Problems& problems;
};

void OnePlaceForTheState(const Whole& whole) {
  const Node* first = nullptr;
  for (const char* word : {"path", "vault", "kubernetes"}) {
    const Node* place = At(&whole.root, {"state", word});
    if (place == nullptr) continue;
    if (first != nullptr) {
      whole.problems.Add(place->place, "state: a second place for the one state",
                         "keep one of path, vault and kubernetes");
    }
    first = place;
  }
}

void AStateOnAServerIsSealed(const Whole& whole) {
  const Config& config = whole.config;
  if (config.state_kind == StateKind::kSqlite || config.state_key || config.state_transit_key) {
    return;
  }
  whole.problems.Add(At(&whole.root, {"state"})->place,
                     "state: on a server it is sealed with a key, and none is given",
                     "make one with `tokenwarden keygen FILE` and add state.key");
}

void AWrappedKeyHasAPlace(const Whole& whole) {
  const Config& config = whole.config;
  const auto& transit = config.state_transit_key;
  if (!transit || !transit->wrapped_file.empty()) return;
  if (config.state_kind != StateKind::kSqlite) return;  // beside the state
  whole.problems.Add(At(&whole.root, {"state", "key"})->place,
                     "state.key: the wrapped key of a state on this disk has no file",
                     "add wrapped_file; it is made on first use");
}

// A key beside what it seals protects nothing, unless it is wrapped.
void TheKeyIsKeptApart(const Whole& whole) {
  const Config& config = whole.config;
  if (!config.state_key) return;
  const SecretRef& key = *config.state_key;
  const bool beside =
      (config.state_kind == StateKind::kVault && key.kind == SecretRef::Kind::kVault &&
       (IsBelow(key.locator, config.state_path) || key.locator == config.state_path)) ||
      (config.state_kind == StateKind::kKubernetes && key.kind == SecretRef::Kind::kKubernetes &&
       key.locator == config.state_path);
  if (!beside) return;
  whole.problems.Add(At(&whole.root, {"state", "key"})->place,
                     "state.key: the key lies beside what it seals", "keep it in another place");
}

void ReplicasShareTheState(const Whole& whole) {
  if (!whole.config.lease || whole.config.state_kind != StateKind::kSqlite) return;
  whole.problems.Add(At(&whole.root, {"coordination"})->place,
                     "coordination: replicas cannot share a state on the disk of one",
                     "keep the state on a server: state: {vault: {path: …}} or state: {kubernetes: "
                     "{secret: …}}");
}

// What a holder has sent must be over before another may take its place.
void RequestsEndBeforeTheLease(const Whole& whole) {
  const Config& config = whole.config;
  if (!config.lease || config.request_timeout < config.lease->duration) return;
  const Node* duration = At(&whole.root, {"coordination", "lease", "duration"});
  const Node* timeout = At(&whole.root, {"limits", "request_timeout"});
  whole.problems.Add((duration != nullptr ? duration : timeout)->place,
                     "a request may take " + FormatDuration(config.request_timeout) +
                         ", and a lease ends after " + FormatDuration(config.lease->duration),
                     "set limits.request_timeout shorter than coordination.lease.duration");
}

constexpr void (*kWholeRules[])(const Whole&) = {OnePlaceForTheState,   AStateOnAServerIsSealed,
                                                 AWrappedKeyHasAPlace,  TheKeyIsKeptApart,
                                                 ReplicasShareTheState, RequestsEndBeforeTheLease};

// ---- Vault's door ----

void CheckAuth(const Node* auth, Problems& problems) {
  if (auth == nullptr) return;
  const Node& method = auth->children[0];
  const Node& value = auth->children[1];
  for (const Node* ref :
       {&value, At(&value, {"role_id"}), At(&value, {"secret_id"}), At(&value, {"jwt"})}) {
    if (ref == nullptr || (ref == &value && method.text != "token")) continue;
    if (ref->children[0].text != "vault") continue;
    problems.Add(ref->place, "auth: what opens Vault cannot lie in Vault",
                 "keep it in a file, the environment or a Kubernetes Secret");
  }
  const Node* wrapped = At(&value, {"wrapped"});
  if (wrapped == nullptr || wrapped->text != "true" || At(&value, {"secret_id"}) != nullptr) return;
  problems.Add(wrapped->place, "auth: there is no secret_id that could be wrapped",
               "add secret_id, or remove wrapped");
}

// ---- credentials ----

void OneWorkloadToRestart(const Node& notice, Problems& problems) {
  const Node* rollout = notice.Find("kubernetes_rollout");
  if (rollout == nullptr) return;
  int named = 0;
  for (const char* kind : {"deployment", "statefulset", "daemonset"}) {
    if (rollout->Find(kind) != nullptr) ++named;
  }
  if (named == 1) return;
  problems.Add(
      rollout->place,
      "kubernetes_rollout must name exactly one workload, and names " + std::to_string(named),
      "keep one of deployment, statefulset and daemonset");
}

// Sinks are told apart by their targets in status, metrics and state.
void TargetsDiffer(const Node& sinks, const CredentialSpec& spec, Problems& problems) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < spec.sinks.size(); ++i) {
    const SinkSpec& sink = spec.sinks[i];
    const auto [first, fresh] = seen.emplace(sink.Target(), i);
    if (fresh || spec.sinks[first->second].kind == sink.kind) continue;
    problems.Add(sinks.children[i].place,
                 "credential " + spec.name + ": two sinks are shown as " + sink.Target() +
                     ", the first on line " +
                     std::to_string(sinks.children[first->second].place.line),
                 "they could not be told apart; choose another name for one");
  }
}

void CheckCredential(const Node& node, const CredentialSpec& spec, Problems& problems) {
  CheckAuth(At(&node, {"source", "vault", "auth"}), problems);
  if (const Node* sinks = node.Find("sinks")) {
    for (const Node& sink : sinks->children) CheckAuth(At(&sink, {"vault", "auth"}), problems);
    TargetsDiffer(*sinks, spec, problems);
  }
  if (const Node* notify = node.Find("notify")) {
    for (const Node& notice : notify->children) OneWorkloadToRestart(notice, problems);
  }
}

}  // namespace

void CheckServerRules(const Node& root, const Config& config, Problems& problems) {
  const Whole whole{root, config, problems};
  for (auto rule : kWholeRules) rule(whole);
  CheckAuth(At(&root, {"vault", "auth"}), problems);
  const Node& credentials = *root.Find("credentials");
  for (std::size_t i = 0; i < credentials.children.size(); ++i) {
    CheckCredential(credentials.children[i], config.credentials[i], problems);
  }
}

}  // namespace tokenwarden::yaml
