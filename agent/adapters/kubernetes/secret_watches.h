// Watches of Secrets: one stream per Secret, which a Role with resourceNames allows. Each costs a
// thread and a connection, so there are at most `kMostStreams` of them; further Secrets share one
// stream per namespace where we may watch all of it, and are not watchable where we may not.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/adapters/kubernetes/watch_stream.h"

namespace tokenwarden::kubernetes {

inline constexpr std::size_t kMostStreams = 32;

// Thread-safe. Errors of Watch: those of ParseObjectName; kFailedPrecondition `not_watchable`;
// kAborted `stopping`.
class SecretWatches : public SecretWatcher {
 public:
  // `events` may be null.
  SecretWatches(Client& client, OwnWrites& own_writes, EventListener* events,
                std::size_t most_streams = kMostStreams);
  ~SecretWatches() override;

  Status Watch(SinkKind kind, const std::string& place, std::function<void()> changed) override;
  void Stop() override;

 private:
  // Calls back unless stopped; news may still wait for a write of ours when we stop.
  struct Gate;

  Result<WatchStream*> StreamFor(const ObjectName& secret);
  WatchStream& Open(const ObjectName& scope);
  bool MayWatchAll(const std::string& name_space);

  Client& client_;
  OwnWrites& own_writes_;
  EventListener* const events_;
  const std::size_t most_streams_;
  const std::shared_ptr<Gate> gate_;
  std::mutex mutex_;
  bool stopped_ = false;                                        // guarded by mutex_
  std::map<ObjectName, std::unique_ptr<WatchStream>> streams_;  // guarded by mutex_
  std::map<std::string, bool> may_watch_all_;                   // guarded by mutex_
};

}  // namespace tokenwarden::kubernetes
