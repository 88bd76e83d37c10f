#include "agent/adapters/kubernetes/secret_watches.h"

#include <utility>
#include <vector>

namespace tokenwarden::kubernetes {

struct SecretWatches::Gate {
  std::mutex mutex;
  bool closed = false;
};

SecretWatches::SecretWatches(Client& client, OwnWrites& own_writes, EventListener* events,
                             std::size_t most_streams)
    : client_(client),
      own_writes_(own_writes),
      events_(events),
      most_streams_(most_streams),
      gate_(std::make_shared<Gate>()) {}

SecretWatches::~SecretWatches() { SecretWatches::Stop(); }

Status SecretWatches::Watch(SinkKind kind, const std::string& place,
                            std::function<void()> changed) {
  if (kind != SinkKind::kKubernetes) {
    return MakeError(ErrorKind::kFailedPrecondition, "not_watchable",
                     place + " is no Secret of Kubernetes");
  }
  Result<ObjectName> secret = ParseObjectName(place, client_.default_namespace());
  if (!secret) return tl::unexpected<Error>(secret.error());
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_) return MakeError(ErrorKind::kAborted, "stopping", "the watcher was stopped");
  Result<WatchStream*> stream = StreamFor(*secret);
  if (!stream) return tl::unexpected<Error>(stream.error());
  (*stream)->Add(secret->name, [gate = gate_, changed = std::move(changed)] {
    const std::lock_guard<std::mutex> open(gate->mutex);
    if (!gate->closed) changed();
  });
  (*stream)->Start();
  return {};
}

Result<WatchStream*> SecretWatches::StreamFor(const ObjectName& secret) {
  const ObjectName everything{secret.name_space, ""};
  for (const ObjectName& scope : {secret, everything}) {
    const auto found = streams_.find(scope);
    if (found != streams_.end()) return found->second.get();
  }
  if (streams_.size() < most_streams_) return &Open(secret);
  if (MayWatchAll(secret.name_space)) return &Open(everything);
  return MakeError(ErrorKind::kFailedPrecondition, "not_watchable",
                   ToString(secret) + " is not watched: " + std::to_string(most_streams_) +
                       " Secrets are already, each by a connection of its own",
                   "Nothing: it is looked at by interval. To watch all, allow `watch` on every "
                   "secret of the namespace.");
}

WatchStream& SecretWatches::Open(const ObjectName& scope) {
  auto& stream = streams_[scope];
  stream = std::make_unique<WatchStream>(client_, own_writes_, scope, events_);
  return *stream;
}

// Asked once per namespace. Everybody may ask what they may (SelfSubjectAccessReview).
bool SecretWatches::MayWatchAll(const std::string& name_space) {
  const auto known = may_watch_all_.find(name_space);
  if (known != may_watch_all_.end()) return known->second;
  const Json question = {
      {"apiVersion", "authorization.k8s.io/v1"},
      {"kind", "SelfSubjectAccessReview"},
      {"spec",
       {{"resourceAttributes",
         {{"namespace", name_space}, {"verb", "watch"}, {"resource", "secrets"}}}}}};
  ApiRequest request{Operation{"create", kAccessReviews, {}}};
  request.method = HttpRequest::Method::kPost;
  request.body = Secret(question.dump());
  const Result<WipedJson> answer = client_.Ask(request);
  if (!answer) return false;  // asked again with the next Secret
  const Json* allowed = At(answer->json, {"status", "allowed"});
  const bool may = allowed != nullptr && allowed->is_boolean() && allowed->get<bool>();
  may_watch_all_[name_space] = may;
  return may;
}

void SecretWatches::Stop() {
  std::vector<WatchStream*> streams;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    for (auto& [scope, stream] : streams_) streams.push_back(stream.get());
  }
  for (WatchStream* stream : streams) stream->AskToStop();
  for (WatchStream* stream : streams) stream->Stop();
  const std::lock_guard<std::mutex> open(gate_->mutex);
  gate_->closed = true;
}

}  // namespace tokenwarden::kubernetes
