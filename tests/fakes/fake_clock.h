// FakeClock: time that moves only when a test says so. Thread-safe.
#pragma once

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
      waiters_.push_back(&changed);
      ++waits_;
    }
    // The lock is free only inside wait(), so Advance() cannot slip between the test and the wait.
    changed.wait(lock, [&] { return ready() || Now() >= until; });
    std::lock_guard<std::mutex> guard(mutex_);
    for (std::size_t i = 0; i < waiters_.size(); ++i) {
      if (waiters_[i] == &changed) {
        waiters_.erase(waiters_.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    }
  }

  void Advance(Seconds by) { Set(Now() + by); }
  void Set(Instant now) {
    std::vector<std::condition_variable*> woken;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      now_ = now;
      woken = waiters_;
      for (std::condition_variable* waiter : woken) waiter->notify_all();
    }
  }
  // How often somebody went to sleep: an idle agent must not count up.
  int waits() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return waits_;
  }

 private:
  mutable std::mutex mutex_;
  Instant now_;
  int waits_ = 0;
  std::vector<std::condition_variable*> waiters_;
};

}  // namespace tokenwarden
