// KeepAlive: one thread that looks at logins when their time comes, so that a token does not die
// while nothing is asked. It sleeps until the next time, and for good while there is none.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/adapters/vault/session.h"
#include "agent/ports/clock.h"

namespace tokenwarden::vault {

// Thread-safe.
class KeepAlive {
 public:
  explicit KeepAlive(Clock& clock) : clock_(clock) {}
  ~KeepAlive();

  // From now on until Stop(). The first call starts the thread. The session tells of its changes
  // until it goes, so it must go first.
  void Add(Session& session);
  // Ends the thread, at the latest when its request is over.
  void Stop();

 private:
  void Run();
  // Cares for those whose time has come; when the next one's does.
  Instant CareForAll(const std::vector<Session*>& sessions);
  void Stir();

  Clock& clock_;
  std::mutex mutex_;  // never held while a session is asked
  std::condition_variable changed_;
  std::vector<Session*> sessions_;
  bool stirred_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tokenwarden::vault
