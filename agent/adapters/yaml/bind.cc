#include "agent/adapters/yaml/bind.h"

#include <charconv>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>

#include "agent/adapters/yaml/scalars.h"
#include "agent/adapters/yaml/server_scalars.h"

namespace tokenwarden::yaml {
namespace {

// The value behind a path of keys, or nullptr.
const Node* At(const Node& node, std::string_view key) { return node.Find(key); }
const Node* At(const Node& node, std::string_view first, std::string_view second) {
  const Node* inner = node.Find(first);
  return inner == nullptr ? nullptr : inner->Find(second);
}

// Each sets its target when the value is there and leaves it alone when not.
void Set(std::string& to, const Node* from) {
  if (from != nullptr) to = from->text;
}
void Set(bool& to, const Node* from) {
  if (from != nullptr) to = from->text == "true";
}
void Set(int& to, const Node* from) {
  if (from == nullptr) return;
  const std::string& text = from->text;
  std::from_chars(text.data(), text.data() + text.size(), to);  // else as it was: it was checked
}
void Set(Seconds& to, const Node* from) {
  if (from != nullptr) to = ParseDuration(from->text).value_or(to);
}
void Set(std::optional<Seconds>& to, const Node* from) {
  if (from != nullptr) to = ParseDuration(from->text).value();
}
void Set(std::optional<unsigned>& to, const Node* from) {
  if (from != nullptr) to = static_cast<unsigned>(std::strtoul(from->text.c_str(), nullptr, 8));
}
void Set(std::vector<std::string>& to, const Node* from) {
  if (from == nullptr) return;
  to.clear();
  for (const Node& item : from->children) to.push_back(item.text);
}
void Set(std::map<std::string, std::string>& to, const Node* from) {
  if (from == nullptr) return;
  for (std::size_t i = 0; i + 1 < from->children.size(); i += 2) {
    to[from->children[i].text] = from->children[i + 1].text;
  }
}
void SetDrift(Drift& to, const Node* from) {
  if (from != nullptr) to = ParseDrift(from->text).value_or(to);
}
void SetUrl(std::string& to, const Node* from) {
  Set(to, from);
  while (!to.empty() && to.back() == '/') to.pop_back();
}

// A scalar stands for {path: scalar}.
const Node* PathOf(const Node& block) { return block.IsScalar() ? &block : block.Find("path"); }

// `PATH#KEY`, or the block that says the same.
void SetVaultPlace(std::string& path, std::string& key, const Node& from) {
  if (from.IsScalar()) {
    std::tie(path, key) = SplitPlace(from.text);
    return;
  }
  Set(path, At(from, "path"));
  Set(key, At(from, "key"));
}

// `NAMESPACE/NAME`, or the name alone.
std::string ObjectOf(const Node& from) {
  std::string object;
  Set(object, At(from, "secret"));
  const Node* space = At(from, "namespace");
  return space == nullptr ? object : space->text + "/" + object;
}

// `NAMESPACE/NAME#KEY`, or the block that says the same.
void SetSecretPlace(std::string& object, std::string& key, const Node& from) {
  if (from.IsScalar()) {
    std::tie(object, key) = SplitPlace(from.text);
    return;
  }
  object = ObjectOf(from);
  Set(key, At(from, "key"));
}

void Set(std::optional<SecretRef>& to, const Node* from) {
  if (from == nullptr) return;
  SecretRef ref;
  const Node& value = from->children[1];
  ref.kind = ParseSecretRefKind(from->children[0].text).value();
  switch (ref.kind) {
    case SecretRef::Kind::kEnv:
    case SecretRef::Kind::kFile:
      ref.locator = value.text;
      break;
    case SecretRef::Kind::kDotenv:
      Set(ref.locator, At(value, "path"));
      Set(ref.key, At(value, "key"));
      break;
    case SecretRef::Kind::kVault:
      SetVaultPlace(ref.locator, ref.key, value);
      break;
    case SecretRef::Kind::kKubernetes:
      SetSecretPlace(ref.locator, ref.key, value);
      break;
  }
  to = std::move(ref);
}

VaultAuthSpec AuthOf(const Node& from) {
  VaultAuthSpec auth;
  const Node& value = from.children[1];
  auth.kind = ParseVaultAuthKind(from.children[0].text).value();
  if (auth.kind == VaultAuthSpec::Kind::kToken) Set(auth.token, &value);
  if (auth.kind == VaultAuthSpec::Kind::kTokenFile) auth.token_file = value.text;
  Set(auth.mount, At(value, "mount"));
  Set(auth.role_id, At(value, "role_id"));
  Set(auth.secret_id, At(value, "secret_id"));
  Set(auth.wrapped, At(value, "wrapped"));
  Set(auth.role, At(value, "role"));
  Set(auth.jwt_file, At(value, "jwt_file"));
  Set(auth.jwt, At(value, "jwt"));
  Set(auth.name, At(value, "name"));
  Set(auth.cert_file, At(value, "cert_file"));
  Set(auth.key_file, At(value, "key_file"));
  return auth;
}
void Set(std::optional<VaultAuthSpec>& to, const Node* from) {
  if (from != nullptr) to = AuthOf(*from);
}

void SetMeta(MetaSpec& to, const Node& from) {
  Set(to.app_id, At(from, "app_id"));
  Set(to.app_secret, At(from, "app_secret"));
  if (const Node* kind = At(from, "kind")) to.kind = ParseMetaKind(kind->text).value_or(to.kind);
  SetUrl(to.endpoint, At(from, "endpoint"));
  Set(to.api_version, At(from, "api_version"));
  Set(to.user_id, At(from, "user_id"));
  Set(to.required_scopes, At(from, "require", "scopes"));
  Set(to.phone_number_id, At(from, "require", "phone_number_id"));
  Set(to.business_account_id, At(from, "require", "business_account_id"));
  Set(to.canary, At(from, "require", "canary"));
  Set(to.generate_system_user_id, At(from, "generate", "system_user_id"));
  Set(to.generate_token, At(from, "generate", "token"));
  if (At(from, "generate") != nullptr) to.generate_scopes = to.required_scopes;
  Set(to.generate_scopes, At(from, "generate", "scopes"));
  Set(to.page_id, At(from, "page", "id"));
  Set(to.parent_token, At(from, "page", "parent_token"));
  Set(to.send_appsecret_time, At(from, "appsecret_time"));
}

// What a credential and the defaults have in common.
void SetShared(CredentialSpec& to, const Node& from) {
  if (const Node* meta = At(from, "meta")) SetMeta(to.meta, *meta);
  Set(to.inspect_every, At(from, "inspect", "every"));
  Set(to.renew.enabled, At(from, "renew", "enabled"));
  Set(to.renew.before, At(from, "renew", "before"));
  Set(to.renew.max_age, At(from, "renew", "max_age"));
  Set(to.renew.revoke_old, At(from, "renew", "revoke_old"));
}

SourceSpec SourceOf(const Node& from) {
  SourceSpec source;
  const Node& value = from.children[1];
  source.kind = ParseSourceKind(from.children[0].text).value();
  switch (source.kind) {
    case SourceKind::kVault:
      SetVaultPlace(source.path, source.key, value);
      Set(source.vault_auth, At(value, "auth"));
      break;
    case SourceKind::kKubernetes:
      SetSecretPlace(source.path, source.key, value);
      break;
    case SourceKind::kEnv:
    case SourceKind::kFile:
    case SourceKind::kDotenv:
      Set(source.path, PathOf(value));
      Set(source.key, At(value, "key"));
      break;
  }
  return source;
}

SinkSpec SinkOf(const Node& from, Seconds verify_every) {
  SinkSpec sink;
  const Node& value = from.children[1];
  sink.kind = ParseSinkKind(from.children[0].text).value();
  if (sink.kind == SinkKind::kVault) {
    SetVaultPlace(sink.path, sink.key, value);
    Set(sink.vault_auth, At(value, "auth"));
    Set(sink.markers, At(value, "markers"));
  } else if (sink.kind == SinkKind::kKubernetes) {
    SetSecretPlace(sink.path, sink.key, value);
  } else {
    Set(sink.path, PathOf(value));
    Set(sink.key, At(value, "key"));
  }
  Set(sink.mode, At(value, "mode"));
  const Node* format = At(value, "format");
  if (format != nullptr && format->text == "json") sink.format = FileFormat::kJson;
  SetDrift(sink.drift, At(value, "drift"));
  sink.verify_every = verify_every;
  return sink;
}

// `NAMESPACE/deployment/NAME`, or without the namespace.
std::string WorkloadOf(const Node& from) {
  for (const char* kind : {"deployment", "statefulset", "daemonset"}) {
    if (At(from, kind) == nullptr) continue;
    const Node* space = At(from, "namespace");
    return (space == nullptr ? "" : space->text + "/") + kind + "/" + At(from, kind)->text;
  }
  return "";
}

NotifySpec NotifyOf(const Node& from) {
  NotifySpec notify;
  const Node& value = from.children[1];
  notify.kind = ParseNotifyKind(from.children[0].text).value();
  Set(notify.command, At(value, "command"));
  Set(notify.pid_file, At(value, "pid_file"));
  Set(notify.signal, At(value, "signal"));
  if (notify.signal.compare(0, 3, "SIG") == 0) notify.signal.erase(0, 3);
  Set(notify.process, At(value, "process"));
  Set(notify.url, At(value, "url"));
  Set(notify.timeout, At(value, "timeout"));
  notify.workload = WorkloadOf(value);
  Set(notify.min_interval, At(value, "min_interval"));
  return notify;
}

CredentialSpec CredentialOf(const Node& from, const CredentialSpec& defaults) {
  CredentialSpec credential = defaults;
  SetShared(credential, from);
  Set(credential.name, At(from, "name"));
  Set(credential.tenant, At(from, "tenant"));
  Set(credential.labels, At(from, "labels"));
  Set(credential.settle, At(from, "settle"));
  Seconds verify_every{0};
  Set(verify_every, At(from, "verify", "every"));
  if (const Node* source = At(from, "source")) credential.source = SourceOf(*source);
  if (const Node* sinks = At(from, "sinks")) {
    for (const Node& sink : sinks->children) credential.sinks.push_back(SinkOf(sink, verify_every));
  }
  if (const Node* notify = At(from, "notify")) {
    for (const Node& notice : notify->children) credential.notify.push_back(NotifyOf(notice));
  }
  return credential;
}

void SetListen(std::string& to, const Node* from) {
  Set(to, from);
  if (IsOff(to)) to.clear();
}

void SetState(Config& to, const Node& from) {
  Set(to.state_path, At(from, "path"));
  if (const Node* vault = At(from, "vault")) {
    to.state_kind = StateKind::kVault;
    Set(to.state_path, At(*vault, "path"));
  }
  if (const Node* kubernetes = At(from, "kubernetes")) {
    to.state_kind = StateKind::kKubernetes;
    to.state_path = ObjectOf(*kubernetes);
  }
  Set(to.allow_ephemeral_state, At(from, "allow_ephemeral_state"));
  const Node* key = At(from, "key");
  if (key == nullptr) return;
  const Node& block = key->children[1];
  if (key->children[0].text == "command") return Set(to.state_key_command, &block);
  if (key->children[0].text != "transit") return Set(to.state_key, key);
  TransitKeySpec& transit = to.state_transit_key.emplace();
  Set(transit.mount, At(block, "mount"));
  Set(transit.key, At(block, "key"));
  Set(transit.wrapped_file, At(block, "wrapped_file"));
}

void SetServers(Config& to, const Node& root) {
  SetUrl(to.vault.address, At(root, "vault", "address"));
  Set(to.vault.ca_file, At(root, "vault", "ca_file"));
  Set(to.vault.vault_namespace, At(root, "vault", "namespace"));
  if (const Node* auth = At(root, "vault", "auth")) to.vault.auth = AuthOf(*auth);
  Set(to.kubernetes.kubeconfig, At(root, "kubernetes", "kubeconfig"));
  Set(to.kubernetes.context, At(root, "kubernetes", "context"));
  Set(to.kubernetes.default_namespace, At(root, "kubernetes", "namespace"));
  Set(to.identity, At(root, "identity"));
  const Node* block = At(root, "coordination", "lease");
  if (block == nullptr) return;
  LeaseSpec& lease = to.lease.emplace();
  Set(lease.lease_namespace, At(*block, "namespace"));
  Set(lease.name, At(*block, "name"));
  Set(lease.shards, At(*block, "shards"));
  Set(lease.duration, At(*block, "duration"));
}

}  // namespace

Config Bind(const Node& root) {
  Config config;
  if (const Node* state = At(root, "state")) SetState(config, *state);
  SetServers(config, root);
  SetListen(config.http_listen, At(root, "http", "listen"));
  SetListen(config.grpc_listen, At(root, "grpc", "listen"));
  const Node* format = At(root, "log", "format");
  if (format != nullptr) {
    config.log_format = format->text == "text" ? LogFormat::kText : LogFormat::kJson;
  }
  Set(config.ca_file, At(root, "tls", "ca_file"));
  Set(config.issuer_parallel, At(root, "limits", "issuer_parallel"));
  Set(config.request_timeout, At(root, "limits", "request_timeout"));
  CredentialSpec defaults;
  if (const Node* block = At(root, "defaults")) SetShared(defaults, *block);
  const Node& credentials = *At(root, "credentials");
  config.credentials.reserve(credentials.children.size());
  for (const Node& credential : credentials.children) {
    config.credentials.push_back(CredentialOf(credential, defaults));
  }
  return config;
}

}  // namespace tokenwarden::yaml
