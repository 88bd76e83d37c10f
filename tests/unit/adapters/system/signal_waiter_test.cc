#include "agent/adapters/system/signal_waiter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace tokenwarden::sys {
namespace {

TEST(SignalWaiter, TellsReloadFromStop) {
  SignalWaiter signals;
  const std::pair<int, Signal> cases[] = {
      {SIGHUP, Signal::kReload}, {SIGTERM, Signal::kStop}, {SIGINT, Signal::kStop}};
  for (const auto& [number, expected] : cases) {
    ::raise(number);
    EXPECT_EQ(signals.Wait(), expected) << number;
  }
}

TEST(SignalWaiter, WakesWhenTheSignalComesWhileItWaits) {
  SignalWaiter signals;
  std::thread sender([thread = ::pthread_self()] { ::pthread_kill(thread, SIGHUP); });
  EXPECT_EQ(signals.Wait(), Signal::kReload);
  sender.join();
}

TEST(SignalWaiter, CanBeInterruptedForGood) {
  SignalWaiter signals;
  std::thread other([&] { signals.Interrupt(); });
  EXPECT_EQ(signals.Wait(), Signal::kStop);
  other.join();
  EXPECT_EQ(signals.Wait(), Signal::kStop);
}

TEST(SignalWaiter, APeerThatHangsUpDoesNotEndTheProcess) {
  SignalWaiter signals;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST(SignalWaiter, RestoresTheMaskThatWasBefore) {
  sigset_t before{}, after{};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  { SignalWaiter signals; }
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    EXPECT_EQ(::sigismember(&before, number), ::sigismember(&after, number));
  }
}

}  // namespace
}  // namespace tokenwarden::sys
