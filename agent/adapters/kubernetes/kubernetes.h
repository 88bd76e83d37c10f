// Kubernetes: everything the agent does with an API server. One connection, from which the parts
// are made: places (Secrets), documents, watches, Events, rollouts and Leases.
//
// Who we are: the pod's service account, or a kubeconfig (connection.h). What we need is one
// namespaced Role with resourceNames; each part below says its verbs. Nothing lists or deletes.
//
// Sources of outside facts: the Kubernetes API reference (v1.35), k8s.io/client-go for the
// algorithms, and what a real kube-apiserver answered.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/spec.h"
#include "agent/ports/clock.h"
#include "agent/ports/coordinator.h"
#include "agent/ports/document_store.h"
#include "agent/ports/event_listener.h"
#include "agent/ports/http_client.h"
#include "agent/ports/places.h"

namespace tokenwarden::kubernetes {

// The value of an environment variable, or nullptr.
using Environment = std::function<const char*(const char* name)>;

// Notices changes of Secrets within a second. Verbs: watch on the named Secret.
class SecretWatcher : public PlaceWatcher {
 public:
  // No callback runs after it has returned, which takes at most about a second.
  virtual void Stop() = 0;
};

// Records transitions as Events (events.k8s.io/v1) on the Secret or on our pod. Verbs: create on
// events. Never blocks and never fails: what cannot be recorded is dropped.
class EventRecorder : public EventListener {
 public:
  virtual void Stop() = 0;
};

// `kubernetes_rollout`: changes an annotation of the pod template, so that the pods are replaced.
// Verbs: get and patch on the named workload. See rollout_notifier.h.
class RolloutNotifier : public Notifier {
 public:
  // Rollouts that wait for their interval are done now, as long as the server answers.
  virtual void Stop() = 0;
};

struct LeaseOptions {
  std::string identity;  // of this replica, for people; made unique for this process
  // How long to keep a shard that is about to be handed over, so that what runs can end: longer
  // than any single request.
  Seconds drain{12};
  // On the coordinator's thread, without a lock: we may act on more, or on less, than before.
  std::function<void()> on_gained;
  std::function<void()> on_lost;
};

// Shares credentials among replicas. Verbs: get, update and create on the named Leases (create only
// for those that do not exist yet).
class LeaseCoordinator : public Coordinator {
 public:
  virtual void Start() = 0;
  // Gives every shard back, so that others need not wait for them to expire: call it when no work
  // runs any more and while the HTTP client still does. EpochOf answers nullopt from now on.
  virtual void Stop() = 0;
  virtual std::vector<int> HeldShards() const = 0;
};

struct Options {
  // Where the pod's service account is mounted.
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
  Environment environment;  // empty: this process's
  // Hears what has no caller to tell it to: watches and Leases that fail, Events that are refused.
  EventListener* events = nullptr;
};

// Thread-safe. Everything it makes must go before it, and it before `http` and `clock`.
class Kubernetes {
 public:
  // Reads the configuration only; the server is not asked. kFailedPrecondition
  // `no_kubernetes_configured`; kInvalidArgument `bad_kubeconfig`, `insecure_tls`,
  // `unsupported_kubeconfig`; kNotFound `no_kubeconfig`; kPermissionDenied `unreadable`.
  static Result<std::unique_ptr<Kubernetes>> Make(const KubernetesSpec& spec, HttpClient& http,
                                                  Clock& clock, Options options);
  virtual ~Kubernetes() = default;

  // Used for every place that names none: a place is `namespace/name` or `name`.
  virtual const std::string& DefaultNamespace() const = 0;

  // Verbs: get. kInvalidArgument `no_path`, `no_key`, `bad_name`.
  virtual Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) = 0;
  // Verbs: get and patch; create too when the Secret does not exist. See secret_sink.h.
  virtual Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) = 0;
  // Verbs: get.
  virtual Result<Secret> Resolve(const SecretRef& ref) = 0;
  // One key per document of one Secret. Verbs: get, patch; create too when it does not exist.
  virtual Result<std::unique_ptr<DocumentStore>> MakeDocumentStore(const std::string& place) = 0;
  virtual std::unique_ptr<SecretWatcher> MakeWatcher() = 0;
  virtual std::unique_ptr<EventRecorder> MakeEventRecorder() = 0;
  virtual std::unique_ptr<RolloutNotifier> MakeRolloutNotifier() = 0;
  virtual Result<std::unique_ptr<LeaseCoordinator>> MakeLeaseCoordinator(const LeaseSpec& spec,
                                                                         LeaseOptions options) = 0;
};

}  // namespace tokenwarden::kubernetes
