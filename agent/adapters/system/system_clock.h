// SystemClock: the machine's clocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/ports/clock.h"

namespace tokenwarden::sys {

// Thread-safe. Waiting costs no wake-up before its time: the condition variable waits for an
// absolute point of CLOCK_REALTIME (a futex with FUTEX_CLOCK_REALTIME), which the kernel follows
// when the wall clock is set forward or the machine was suspended. Set backward it would wait too
// long, so one thread, started with the first wait that has an end, sleeps on a timer that is
// cancelled whenever the clock is set (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET) and then wakes
// every waiter to look again. Where such timers are forbidden, waits still end when the wall clock
// reaches their time.
class SystemClock : public Clock {
 public:
  SystemClock() = default;
  ~SystemClock() override;

  Instant Now() const override;
  std::chrono::steady_clock::time_point SteadyNow() const override;
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                 Instant until, const std::function<bool()>& ready) override;

  // What happens when the wall clock was set: every WaitUntil returns.
  void WakeAll();

 private:
  struct Waiter {
    std::mutex* mutex;
    std::condition_variable* changed;
    std::uint64_t told;  // the newest jump it was woken for
  };

  void StartWatching();
  void WatchForJumps(int timer);
  bool TellWaiters(std::uint64_t jump);

  std::once_flag started_;
  int stop_event_ = -1;
  std::thread watcher_;
  std::atomic<std::uint64_t> jumps_{0};
  std::mutex waiters_mutex_;
  std::vector<Waiter*> waiters_;
};

}  // namespace tokenwarden::sys
