// Servers: Vault and Kubernetes as one configuration names them, behind one router for places,
// secrets and rollouts.
//
// A server that the configuration does not need is made all the same where the environment says how
// to reach it: a later configuration may name it. Nothing is asked of a server here.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/kubernetes/kubernetes.h"
#include "agent/adapters/vault/vault.h"
#include "agent/app/place_router.h"
#include "agent/core/spec.h"

namespace tokenwarden {

class Servers {
 public:
  struct Needs {
    Clock& clock;
    PlaceFactory& places;  // of this machine
    SecretResolver& secrets;
    Notifier& notifier;
    std::string user_agent;
    EventListener* events = nullptr;
    bool keep_logged_in = false;  // an agent does; a command is over soon
  };

  // Also fills the namespaces in that the configuration leaves out.
  static Result<std::unique_ptr<Servers>> Make(Config& config, const Needs& needs);
  ~Servers();

  PlaceRouter& router() { return router_; }
  vault::Vault* vault() { return vault_.get(); }                   // null: cannot be reached
  kubernetes::Kubernetes* kubernetes() { return cluster_.get(); }  // the same
  // For a configuration that is read again.
  Status FillIn(Config& config) const;

  // Replicas: null without `coordination`. The callback runs when there is more or less to do.
  Result<std::unique_ptr<kubernetes::LeaseCoordinator>> MakeCoordinator(
      const Config& config, std::function<void()> on_change);
  // Null without a cluster.
  std::unique_ptr<kubernetes::SecretWatcher> MakeWatcher();
  std::unique_ptr<kubernetes::EventRecorder> MakeEventRecorder();

  // Requests about places end soon; Leases and rollouts go on until this goes.
  void StopPlaces(std::chrono::milliseconds grace);

 private:
  explicit Servers(const Needs& needs);
  Status Connect(Config& config, const Needs& needs);
  Status ConnectCluster(const Config& config, const Needs& needs);
  Status ConnectVault(const Config& config, const Needs& needs);

  // Two clients: what must still be said at the end (a Lease that is given back) has its own.
  std::unique_ptr<curl::CurlHttpClient> places_http_;
  std::unique_ptr<curl::CurlHttpClient> control_http_;
  PlaceRouter router_;
  std::unique_ptr<kubernetes::Kubernetes> cluster_;  // for places
  std::unique_ptr<kubernetes::Kubernetes> control_;  // for Leases, Events and rollouts
  std::unique_ptr<kubernetes::RolloutNotifier> rollouts_;
  std::unique_ptr<vault::Vault> vault_;
};

// Of this replica: as configured, else POD_NAME, else the name of the host.
std::string IdentityOf(const Config& config);

}  // namespace tokenwarden
