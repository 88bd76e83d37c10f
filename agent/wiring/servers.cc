#include "agent/wiring/servers.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "agent/core/namespaces.h"

namespace tokenwarden {
namespace {

bool IsOf(const std::optional<SecretRef>& ref, SecretRef::Kind kind) {
  return ref && ref->kind == kind;
}

// Whether anything of a credential is read from or written to that kind of server.
bool Uses(const CredentialSpec& spec, SourceKind source, SinkKind sink, SecretRef::Kind secret) {
  const bool place = spec.source && spec.source->kind == source;
  const bool sinks = std::any_of(spec.sinks.begin(), spec.sinks.end(),
                                 [sink](const SinkSpec& each) { return each.kind == sink; });
  const MetaSpec& meta = spec.meta;
  return place || sinks || IsOf(meta.app_secret, secret) || IsOf(meta.parent_token, secret) ||
         IsOf(meta.generate_token, secret);
}

bool TellsByRollout(const CredentialSpec& spec) {
  return std::any_of(spec.notify.begin(), spec.notify.end(), [](const NotifySpec& each) {
    return each.kind == NotifyKind::kKubernetesRollout;
  });
}

bool NeedsVault(const Config& config) {
  if (config.state_kind == StateKind::kVault || config.state_transit_key) return true;
  if (!config.vault.address.empty() || IsOf(config.state_key, SecretRef::Kind::kVault)) return true;
  return std::any_of(config.credentials.begin(), config.credentials.end(), [](const auto& spec) {
    return Uses(spec, SourceKind::kVault, SinkKind::kVault, SecretRef::Kind::kVault);
  });
}

bool NeedsCluster(const Config& config) {
  if (config.state_kind == StateKind::kKubernetes || config.lease) return true;
  if (IsOf(config.state_key, SecretRef::Kind::kKubernetes)) return true;
  return std::any_of(config.credentials.begin(), config.credentials.end(), [](const auto& spec) {
    return TellsByRollout(spec) ||
           Uses(spec, SourceKind::kKubernetes, SinkKind::kKubernetes, SecretRef::Kind::kKubernetes);
  });
}

}  // namespace

Servers::Servers(const Needs& needs)
    : places_http_(curl::MakeHttpClient({needs.user_agent})),
      control_http_(curl::MakeHttpClient({needs.user_agent})),
      router_(needs.places, needs.secrets, needs.notifier) {}

Servers::~Servers() {
  if (rollouts_) rollouts_->Stop();
  if (vault_) vault_->Stop();
}

Result<std::unique_ptr<Servers>> Servers::Make(Config& config, const Needs& needs) {
  std::unique_ptr<Servers> servers(new Servers(needs));
  Status connected = servers->Connect(config, needs);
  if (!connected) return tl::unexpected<Error>(connected.error());
  return servers;
}

Status Servers::Connect(Config& config, const Needs& needs) {
  Status cluster = ConnectCluster(config, needs);
  if (!cluster && NeedsCluster(config)) return cluster;
  Status filled = FillIn(config);
  if (!filled) return filled;
  Status vault = ConnectVault(config, needs);
  if (!vault && NeedsVault(config)) return vault;
  return {};
}

Status Servers::FillIn(Config& config) const {
  return FillNamespaces(config, cluster_ ? cluster_->DefaultNamespace() : "");
}

Status Servers::ConnectCluster(const Config& config, const Needs& needs) {
  kubernetes::Options options;
  options.events = needs.events;
  auto cluster =
      kubernetes::Kubernetes::Make(config.kubernetes, *places_http_, needs.clock, options);
  if (!cluster) return tl::unexpected<Error>(cluster.error());
  auto control =
      kubernetes::Kubernetes::Make(config.kubernetes, *control_http_, needs.clock, options);
  if (!control) return tl::unexpected<Error>(control.error());
  cluster_ = std::move(*cluster);
  control_ = std::move(*control);
  router_.UseKubernetes({[this](const SourceSpec& spec) { return cluster_->MakeSource(spec); },
                         [this](const SinkSpec& spec) { return cluster_->MakeSink(spec); },
                         [this](const SecretRef& ref) { return cluster_->Resolve(ref); }});
  rollouts_ = control_->MakeRolloutNotifier();
  router_.UseRollouts(*rollouts_);
  return {};
}

Status Servers::ConnectVault(const Config& config, const Needs& needs) {
  vault::Options options;
  options.keep_logged_in = needs.keep_logged_in;
  // The router: what Vault is logged in with may itself be a Secret of the cluster.
  auto vault =
      vault::Vault::Make(config.vault, *places_http_, needs.clock, router_, std::move(options));
  if (!vault) return tl::unexpected<Error>(vault.error());
  vault_ = std::move(*vault);
  router_.UseVault({[this](const SourceSpec& spec) { return vault_->MakeSource(spec); },
                    [this](const SinkSpec& spec) { return vault_->MakeSink(spec); },
                    [this](const SecretRef& ref) { return vault_->Resolve(ref); }});
  return {};
}

Result<std::unique_ptr<kubernetes::LeaseCoordinator>> Servers::MakeCoordinator(
    const Config& config, std::function<void()> on_change) {
  if (!config.lease) return std::unique_ptr<kubernetes::LeaseCoordinator>();
  kubernetes::LeaseOptions options;
  options.identity = IdentityOf(config);
  options.on_gained = on_change;
  options.on_lost = on_change;
  return control_->MakeLeaseCoordinator(*config.lease, std::move(options));
}

std::unique_ptr<kubernetes::SecretWatcher> Servers::MakeWatcher() {
  return cluster_ ? cluster_->MakeWatcher() : nullptr;
}

std::unique_ptr<kubernetes::EventRecorder> Servers::MakeEventRecorder() {
  return control_ ? control_->MakeEventRecorder() : nullptr;
}

void Servers::StopPlaces(std::chrono::milliseconds grace) { places_http_->Stop(grace); }

std::string IdentityOf(const Config& config) {
  if (!config.identity.empty()) return config.identity;
  if (const char* pod = std::getenv("POD_NAME"); pod != nullptr && *pod != '\0') return pod;
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace tokenwarden
