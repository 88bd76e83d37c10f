#include "agent/adapters/kubernetes/kubernetes.h"

#include <cstdlib>
#include <utility>

#include "agent/adapters/kubernetes/client.h"
#include "agent/adapters/kubernetes/connection.h"
#include "agent/adapters/kubernetes/event_posts.h"
#include "agent/adapters/kubernetes/leases.h"
#include "agent/adapters/kubernetes/own_writes.h"
#include "agent/adapters/kubernetes/rollout_notifier.h"
#include "agent/adapters/kubernetes/secret_documents.h"
#include "agent/adapters/kubernetes/secret_place.h"
#include "agent/adapters/kubernetes/secret_watches.h"
#include "agent/adapters/kubernetes/secrets.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr Seconds kShortestLease{2};

class OneCluster : public Kubernetes {
 public:
  OneCluster(Connection connection, HttpClient& http, Clock& clock, Options options)
      : options_(std::move(options)),
        client_(std::move(connection), http, clock),
        secrets_(client_, own_writes_) {}

  const std::string& DefaultNamespace() const override { return client_.default_namespace(); }

  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override {
    return Place<Source>(spec.path, spec.key, Drift::kAlarm);
  }
  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) override {
    return Place<Sink>(spec.path, spec.key, spec.drift);
  }

  Result<Secret> Resolve(const SecretRef& ref) override {
    Result<SecretKey> place = KeyAt(ref.locator, ref.key);
    if (!place) return tl::unexpected<Error>(place.error());
    return secrets_.Read(*place);
  }

  Result<std::unique_ptr<DocumentStore>> MakeDocumentStore(const std::string& place) override {
    Result<ObjectName> secret = ParseObjectName(place, DefaultNamespace());
    if (!secret) return tl::unexpected<Error>(secret.error());
    return std::make_unique<SecretDocuments>(client_, std::move(*secret));
  }

  std::unique_ptr<SecretWatcher> MakeWatcher() override {
    return std::make_unique<SecretWatches>(client_, own_writes_, options_.events);
  }

  std::unique_ptr<EventRecorder> MakeEventRecorder() override {
    const std::string pod = Variable("POD_NAME");
    const ObjectName name = pod.empty() ? ObjectName{} : ObjectName{OwnNamespace(), pod};
    return std::make_unique<EventPosts>(client_, name, Variable("POD_UID"), options_.events);
  }

  std::unique_ptr<RolloutNotifier> MakeRolloutNotifier() override {
    return std::make_unique<PatientRollouts>(client_, options_.events);
  }

  Result<std::unique_ptr<LeaseCoordinator>> MakeLeaseCoordinator(const LeaseSpec& spec,
                                                                 LeaseOptions options) override {
    const std::string& name_space =
        spec.lease_namespace.empty() ? DefaultNamespace() : spec.lease_namespace;
    Result<ObjectName> name = ParseObjectName(name_space + "/" + spec.name, name_space);
    if (!name) return tl::unexpected<Error>(name.error());
    if (spec.shards < 1 || spec.duration < kShortestLease) {
      return MakeError(ErrorKind::kInvalidArgument, "bad_lease",
                       "cannot share credentials by " + std::to_string(spec.shards) +
                           " Leases of " + FormatDuration(spec.duration),
                       "Use at least one shard and a duration of at least two seconds.");
    }
    return std::make_unique<Leases>(client_, std::move(*name), spec.shards, spec.duration,
                                    std::move(options), options_.events);
  }

 private:
  Result<SecretKey> KeyAt(const std::string& place, const std::string& key) const {
    Result<ObjectName> secret = ParseObjectName(place, DefaultNamespace());
    if (!secret) return tl::unexpected<Error>(secret.error());
    Status fits = CheckKey(key);
    if (!fits) return tl::unexpected<Error>(fits.error());
    return SecretKey{std::move(*secret), key};
  }

  template <typename Port>
  Result<std::unique_ptr<Port>> Place(const std::string& path, const std::string& key,
                                      Drift drift) {
    Result<SecretKey> place = KeyAt(path, key);
    if (!place) return tl::unexpected<Error>(place.error());
    return std::unique_ptr<Port>(new SecretPlace(secrets_, std::move(*place), drift));
  }

  std::string Variable(const char* name) const {
    const char* value = options_.environment ? options_.environment(name) : std::getenv(name);
    return value == nullptr ? "" : value;
  }

  std::string OwnNamespace() const {
    const std::string name_space = Variable("POD_NAMESPACE");
    return name_space.empty() ? DefaultNamespace() : name_space;
  }

  const Options options_;
  Client client_;
  OwnWrites own_writes_;
  Secrets secrets_;
};

}  // namespace

Result<std::unique_ptr<Kubernetes>> Kubernetes::Make(const KubernetesSpec& spec, HttpClient& http,
                                                     Clock& clock, Options options) {
  Result<Connection> connection = MakeConnection(spec, options, clock);
  if (!connection) return tl::unexpected<Error>(connection.error());
  return std::make_unique<OneCluster>(std::move(*connection), http, clock, std::move(options));
}

}  // namespace tokenwarden::kubernetes
