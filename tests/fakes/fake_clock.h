// FakeClock: time that moves only when a test says so. Thread-safe.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "agent/ports/clock.h"

namespace tokenwarden {

class FakeClock : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start) {}

  Instant Now() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return now_;
  }
  std::chrono::steady_clock::time_point SteadyNow() const override {
    return std::chrono::steady_clock::time_point(Now().time_since_epoch());
  }
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                 Instant until, const std::function<bool()>& ready) override {
    {
      std::lock_guard<std::mutex> guard(mutex_);
      waiters_.push_back({lock.mutex(), &changed});
      ++waits_;
    }
    changed.wait(lock, [&] { return ready() || Now() >= until; });
    std::lock_guard<std::mutex> guard(mutex_);
    const auto mine = std::find_if(waiters_.begin(), waiters_.end(),
                                   [&](const Waiter& each) { return each.changed == &changed; });
    waiters_.erase(mine);
  }

  void Advance(Seconds by) { Set(Now() + by); }
  void Set(Instant now) {
    std::vector<Waiter> woken;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      now_ = now;
      woken = waiters_;
    }
    for (const Waiter& waiter : woken) {
      // Taking the waiter's lock once means that it either sees the new time or already sleeps.
      std::lock_guard<std::mutex> lock(*waiter.mutex);
      waiter.changed->notify_all();
    }
  }
  // How often somebody went to sleep: an idle agent must not count up.
  int waits() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return waits_;
  }

 private:
  struct Waiter {
    std::mutex* mutex;
    std::condition_variable* changed;
  };

  mutable std::mutex mutex_;
  Instant now_;
  int waits_ = 0;
  std::vector<Waiter> waiters_;
};

}  // namespace tokenwarden
