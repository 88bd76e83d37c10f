// KeepAlive: one thread that looks at logins when their time comes, so that a token does not die
// while nothing is asked. It sleeps until the next time and has none without a login.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/adapters/vault/session.h"
#include "agent/ports/clock.h"

namespace tokenwarden::vault {

class KeepAlive {
 public:
  explicit KeepAlive(Clock& clock) : clock_(clock) {}
  ~KeepAlive();

  // From now on until this goes. The first call starts the thread.
  void Add(Session& session);

 private:
  void Run();
  // The wall clock's time of the soonest care that any login wants.
  Instant Soonest();

  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Session*> sessions_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tokenwarden::vault
