#include "agent/core/namespaces.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tokenwarden {
namespace {

class Filler {
 public:
  explicit Filler(std::string name_space) : namespace_(std::move(name_space)) {}

  // `slashes`: in a name that is complete.
  void Fill(std::string& object, int slashes = 1) {
    if (std::count(object.begin(), object.end(), '/') >= slashes) return;
    if (namespace_.empty() && missing_.empty()) missing_ = object;
    object = namespace_ + "/" + object;
  }
  void Fill(std::optional<SecretRef>& ref) {
    if (ref && ref->kind == SecretRef::Kind::kKubernetes) Fill(ref->locator);
  }
  void Fill(VaultAuthSpec& auth) {
    for (auto* ref : {&auth.token, &auth.role_id, &auth.secret_id, &auth.jwt}) Fill(*ref);
  }
  void Fill(std::optional<VaultAuthSpec>& auth) {
    if (auth) Fill(*auth);
  }
  void Fill(CredentialSpec& spec);

  const std::string& missing() const { return missing_; }

 private:
  const std::string namespace_;
  std::string missing_;  // the first name that got none
};

void Filler::Fill(CredentialSpec& spec) {
  MetaSpec& meta = spec.meta;
  for (auto* ref : {&meta.app_secret, &meta.generate_token, &meta.parent_token}) Fill(*ref);
  if (spec.source) {
    Fill(spec.source->vault_auth);
    if (spec.source->kind == SourceKind::kKubernetes) Fill(spec.source->path);
  }
  for (SinkSpec& sink : spec.sinks) {
    Fill(sink.vault_auth);
    if (sink.kind == SinkKind::kKubernetes) Fill(sink.path);
  }
  for (NotifySpec& notify : spec.notify) {
    if (notify.kind == NotifyKind::kKubernetesRollout) Fill(notify.workload, 2);
  }
}

Status SamePlace(const std::string& one, const std::string& other, const SinkSpec& sink) {
  return MakeError(ErrorKind::kInvalidArgument, "same_place",
                   one + " and " + other + " would both be written to the Secret " + sink.Target(),
                   "two values cannot live in one place; choose another Secret or key");
}

Status CheckSinks(const Config& config) {
  std::map<std::string, std::string> owners;
  for (const CredentialSpec& spec : config.credentials) {
    const std::string name = "credential " + spec.name;
    for (const SinkSpec& sink : spec.sinks) {
      if (sink.kind != SinkKind::kKubernetes) continue;
      if (config.state_kind == StateKind::kKubernetes && sink.path == config.state_path) {
        return SamePlace(name, "the state", sink);
      }
      const auto [owner, fresh] = owners.emplace(sink.Target(), name);
      if (!fresh) return SamePlace(name, owner->second, sink);
    }
  }
  return {};
}

}  // namespace

Status FillNamespaces(Config& config, const std::string& own) {
  const std::string& written = config.kubernetes.default_namespace;
  Filler filler(written.empty() ? own : written);
  if (config.state_kind == StateKind::kKubernetes) filler.Fill(config.state_path);
  filler.Fill(config.state_key);
  filler.Fill(config.vault.auth);
  if (config.lease && config.lease->lease_namespace.empty()) {
    std::string lease = config.lease->name;
    filler.Fill(lease);
    config.lease->lease_namespace = lease.substr(0, lease.find('/'));
  }
  for (CredentialSpec& spec : config.credentials) filler.Fill(spec);
  if (filler.missing().empty()) return CheckSinks(config);
  return MakeError(ErrorKind::kInvalidArgument, "no_namespace",
                   "the configuration names " + filler.missing() +
                       " in Kubernetes without a namespace, and there is no default",
                   "write it there, or for all with kubernetes: {namespace: NAME}");
}

}  // namespace tokenwarden
