// SignalWaiter: signals as something a thread waits for, instead of something that interrupts one.
#pragma once

#include <csignal>

namespace tokenwarden::sys {

enum class Signal {
  kReload,  // SIGHUP
  kStop,    // SIGTERM, SIGINT, or Interrupt()
};

// Make it before any thread exists: threads inherit the blocked signals. Also ignores SIGPIPE, so
// that a peer that hangs up is an error of one call. The destructor restores what was before in its
// thread.
class SignalWaiter {
 public:
  SignalWaiter();
  SignalWaiter(const SignalWaiter&) = delete;
  ~SignalWaiter();

  // Sleeps until a signal comes. Signals that came before the call count.
  Signal Wait();
  // Lets Wait return kStop, now and ever after. From any thread or signal handler.
  void Interrupt();

 private:
  sigset_t before_{};
  struct sigaction pipe_before_ {};
  int signals_ = -1;
  int interrupted_ = -1;
};

}  // namespace tokenwarden::sys
