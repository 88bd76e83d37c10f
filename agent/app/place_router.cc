#include "agent/app/place_router.h"

namespace tokenwarden {

Result<std::unique_ptr<Source>> PlaceRouter::MakeSource(const SourceSpec& spec) {
  if (spec.kind == SourceKind::kVault && vault_.source) return vault_.source(spec);
  if (spec.kind == SourceKind::kKubernetes && kubernetes_.source) return kubernetes_.source(spec);
  return places_.MakeSource(spec);
}

Result<std::unique_ptr<Sink>> PlaceRouter::MakeSink(const SinkSpec& spec) {
  if (spec.kind == SinkKind::kVault && vault_.sink) return vault_.sink(spec);
  if (spec.kind == SinkKind::kKubernetes && kubernetes_.sink) return kubernetes_.sink(spec);
  return places_.MakeSink(spec);
}

Result<Secret> PlaceRouter::Resolve(const SecretRef& ref) {
  if (ref.kind == SecretRef::Kind::kVault && vault_.secret) return vault_.secret(ref);
  if (ref.kind == SecretRef::Kind::kKubernetes && kubernetes_.secret) {
    return kubernetes_.secret(ref);
  }
  return secrets_.Resolve(ref);
}

Status PlaceRouter::Notify(const NotifySpec& spec, const Notice& notice) {
  const bool is_rollout = spec.kind == NotifyKind::kKubernetesRollout && rollouts_ != nullptr;
  return is_rollout ? rollouts_->Notify(spec, notice) : notifier_.Notify(spec, notice);
}

}  // namespace tokenwarden
