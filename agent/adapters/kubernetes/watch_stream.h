// WatchStream: follows one watch for as long as it is wanted: connects, resumes where it was,
// starts anew when the server no longer knows that place (410), and waits longer after each
// failure.
//
// Only metadata travels: a watch says that something changed, a read then says what.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/adapters/kubernetes/client.h"
#include "agent/adapters/kubernetes/own_writes.h"
#include "agent/ports/event_listener.h"

namespace tokenwarden::kubernetes {

// Thread-safe. One thread.
class WatchStream {
 public:
  // Follows that Secret, or every Secret of the namespace when the name is empty. `events` may be
  // null.
  WatchStream(Client& client, OwnWrites& own_writes, ObjectName scope, EventListener* events);
  ~WatchStream();  // as Stop()

  void Add(const std::string& name, std::function<void()> changed);
  void Start();      // once; more calls do nothing
  void AskToStop();  // returns at once
  void Stop();       // no callback runs after it has returned

 private:
  struct Outcome {
    Status end;
    bool heard = false;  // at least one event
  };

  void Run();
  Outcome Follow();
  void HandleEvent(const Json& event, Outcome& outcome);
  void Tell(const std::string& name, const std::string& resource_version);
  void TellAll();
  void TellFailure(const Status& end);
  // False: stopped.
  bool WaitFor(Seconds wait);

  Client& client_;
  OwnWrites& own_writes_;
  const ObjectName scope_;
  EventListener* const events_;
  std::string resource_version_;  // the stream's thread only; empty = start with what is there
  std::string told_failure_;      // the stream's thread only
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<std::function<void()>>> listeners_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tokenwarden::kubernetes
