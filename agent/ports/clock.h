// Clock: the only way to the time of day and to waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "agent/core/time.h"

namespace tokenwarden {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;  // wall clock
  virtual std::chrono::steady_clock::time_point SteadyNow() const = 0;

  // Waits until `ready()` holds, `changed` is notified, or the wall clock reaches `until`
  // (kForever: no timer at all). Also returns after a jump of the wall clock; callers look again.
  // `lock` is held when `ready` runs and on return.
  virtual void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                         Instant until, const std::function<bool()>& ready) = 0;

  static constexpr Instant kForever = Instant::max();
};

}  // namespace tokenwarden
