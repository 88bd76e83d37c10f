#include "agent/adapters/yaml/bind.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "agent/adapters/yaml/scalars.h"

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
  if (from != nullptr) to = std::atoi(from->text.c_str());
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

void Set(std::optional<SecretRef>& to, const Node* from) {
  if (from == nullptr) return;
  SecretRef ref;
  const Node& value = from->children[1];
  const std::string& kind = from->children[0].text;
  if (kind == "env" || kind == "file") {
    ref.kind = kind == "env" ? SecretRef::Kind::kEnv : SecretRef::Kind::kFile;
    ref.locator = value.text;
  } else {
    ref.kind = SecretRef::Kind::kDotenv;
    Set(ref.locator, At(value, "path"));
    Set(ref.key, At(value, "key"));
  }
  to = std::move(ref);
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
}

SourceSpec SourceOf(const Node& from) {
  SourceSpec source;
  const std::string& kind = from.children[0].text;
  const Node& value = from.children[1];
  if (kind == "env") {
    source.kind = SourceKind::kEnv;
    source.path = value.text;
    return source;
  }
  source.kind = kind == "file" ? SourceKind::kFile : SourceKind::kDotenv;
  Set(source.path, PathOf(value));
  Set(source.key, At(value, "key"));
  return source;
}

SinkSpec SinkOf(const Node& from, Seconds verify_every) {
  SinkSpec sink;
  const Node& value = from.children[1];
  sink.kind = from.children[0].text == "file" ? SinkKind::kFile : SinkKind::kDotenv;
  Set(sink.path, PathOf(value));
  Set(sink.key, At(value, "key"));
  Set(sink.mode, At(value, "mode"));
  const Node* format = At(value, "format");
  if (format != nullptr && format->text == "json") sink.format = FileFormat::kJson;
  SetDrift(sink.drift, At(value, "drift"));
  sink.verify_every = verify_every;
  return sink;
}

NotifySpec NotifyOf(const Node& from) {
  NotifySpec notify;
  const std::string& kind = from.children[0].text;
  const Node& value = from.children[1];
  notify.kind = kind == "signal" ? NotifyKind::kSignal
                : kind == "http" ? NotifyKind::kHttp
                                 : NotifyKind::kExec;
  Set(notify.command, At(value, "command"));
  Set(notify.pid_file, At(value, "pid_file"));
  Set(notify.signal, At(value, "signal"));
  if (notify.signal.compare(0, 3, "SIG") == 0) notify.signal.erase(0, 3);
  Set(notify.process, At(value, "process"));
  Set(notify.url, At(value, "url"));
  Set(notify.timeout, At(value, "timeout"));
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

}  // namespace

Config Bind(const Node& root) {
  Config config;
  Set(config.state_path, At(root, "state", "path"));
  Set(config.state_key, At(root, "state", "key"));
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
