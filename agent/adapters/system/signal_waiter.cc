#include "agent/adapters/system/signal_waiter.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace tokenwarden::sys {

SignalWaiter::SignalWaiter() {
  sigset_t wanted{};
  ::sigemptyset(&wanted);
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) ::sigaddset(&wanted, number);
  ::pthread_sigmask(SIG_BLOCK, &wanted, &before_);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &pipe_before_);
  signals_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  interrupted_ = ::eventfd(0, EFD_CLOEXEC);
}

SignalWaiter::~SignalWaiter() {
  ::close(signals_);
  ::close(interrupted_);
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Signal SignalWaiter::Wait() {
  for (;;) {
    pollfd ready[] = {{signals_, POLLIN, 0}, {interrupted_, POLLIN, 0}};
    // Without a way to wait the process could never be stopped in order; stopping now is the lesser
    // evil.
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return Signal::kStop;
    if (ready[1].revents != 0 || (ready[0].revents & POLLNVAL) != 0) return Signal::kStop;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    return info.ssi_signo == SIGHUP ? Signal::kReload : Signal::kStop;
  }
}

void SignalWaiter::Interrupt() { ::eventfd_write(interrupted_, 1); }

}  // namespace tokenwarden::sys
