// PlaceRouter: places, secrets and notifications of every kind behind one port. What this machine
// serves goes to the local adapters; what a server serves goes to it once it has been named.
#pragma once

#include <functional>
#include <memory>

#include "agent/ports/places.h"

namespace tokenwarden {

// What one kind of server offers.
struct PlaceServer {
  std::function<Result<std::unique_ptr<Source>>(const SourceSpec&)> source;
  std::function<Result<std::unique_ptr<Sink>>(const SinkSpec&)> sink;
  std::function<Result<Secret>(const SecretRef&)> secret;
};

// Thread-safe once the servers are named. References outlive it.
class PlaceRouter : public PlaceFactory, public SecretResolver, public Notifier {
 public:
  PlaceRouter(PlaceFactory& places, SecretResolver& secrets, Notifier& notifier)
      : places_(places), secrets_(secrets), notifier_(notifier) {}

  void UseVault(PlaceServer vault) { vault_ = std::move(vault); }
  void UseKubernetes(PlaceServer kubernetes) { kubernetes_ = std::move(kubernetes); }
  void UseRollouts(Notifier& rollouts) { rollouts_ = &rollouts; }

  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override;
  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) override;
  Result<Secret> Resolve(const SecretRef& ref) override;
  Status Notify(const NotifySpec& spec, const Notice& notice) override;

 private:
  PlaceFactory& places_;
  SecretResolver& secrets_;
  Notifier& notifier_;
  Notifier* rollouts_ = nullptr;
  PlaceServer vault_;
  PlaceServer kubernetes_;
};

}  // namespace tokenwarden
