#include "agent/adapters/system/system_clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tokenwarden::sys {
namespace {

// Arms a timer that is only there to be cancelled.
bool ArmForJumps(int timer) {
  itimerspec never{};
  never.it_value.tv_sec = kMaxUnixSeconds;  // the kernel cuts it to the latest time it knows
  const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  // ECANCELED: the clock was set once more in between; the timer is armed all the same.
  return ::timerfd_settime(timer, flags, &never, nullptr) == 0 || errno == ECANCELED;
}

// The system's clock counts nanoseconds, which reach from 1677 to 2262 only; beyond them they wrap
// around.
std::chrono::system_clock::time_point OnSystemClock(Instant until) {
  using Point = std::chrono::system_clock::time_point;
  constexpr Instant kFirst = std::chrono::ceil<Seconds>(Point::min());
  constexpr Instant kLast = std::chrono::floor<Seconds>(Point::max());
  return std::clamp(until, kFirst, kLast);
}

}  // namespace

SystemClock::~SystemClock() {
  if (watcher_.joinable()) {
    ::eventfd_write(stop_event_, 1);
    watcher_.join();
  }
  if (stop_event_ >= 0) ::close(stop_event_);
}

Instant SystemClock::Now() const {
  return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::SteadyNow() const {
  return std::chrono::steady_clock::now();
}

void SystemClock::WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                            Instant until, const std::function<bool()>& ready) {
  if (ready()) return;
  if (until == kForever) {
    changed.wait(lock);
    return;
  }
  std::call_once(started_, [this] { StartWatching(); });
  Waiter self{lock.mutex(), &changed, jumps_};
  {
    const std::lock_guard<std::mutex> guard(waiters_mutex_);
    waiters_.push_back(&self);
  }
  changed.wait_until(lock, OnSystemClock(until));
  const std::lock_guard<std::mutex> guard(waiters_mutex_);
  waiters_.erase(std::find(waiters_.begin(), waiters_.end(), &self));
}

void SystemClock::StartWatching() {
  const int timer = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  stop_event_ = ::eventfd(0, EFD_CLOEXEC);
  if (timer < 0 || stop_event_ < 0 || !ArmForJumps(timer)) {
    if (timer >= 0) ::close(timer);
    return;
  }
  watcher_ = std::thread([this, timer] {
    WatchForJumps(timer);
    ::close(timer);
  });
}

void SystemClock::WatchForJumps(int timer) {
  for (;;) {
    pollfd ready[] = {{timer, POLLIN, 0}, {stop_event_, POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return;
    if (ready[1].revents != 0) return;
    if (ready[0].revents == 0) continue;
    std::uint64_t expirations = 0;
    if (::read(timer, &expirations, sizeof expirations) < 0 && errno != ECANCELED) continue;
    if (!ArmForJumps(timer)) return;
    WakeAll();
  }
}

void SystemClock::WakeAll() {
  const std::uint64_t jump = ++jumps_;
  while (!TellWaiters(jump)) std::this_thread::yield();
}

// A waiter that holds its mutex may be on its way into the wait and would miss the notification, so
// it is asked again. Waiting for its mutex here could deadlock with a waiter that registers itself.
bool SystemClock::TellWaiters(std::uint64_t jump) {
  const std::lock_guard<std::mutex> guard(waiters_mutex_);
  bool all = true;
  for (Waiter* waiter : waiters_) {
    if (waiter->told >= jump) continue;
    if (!waiter->mutex->try_lock()) {
      all = false;
      continue;
    }
    waiter->told = jump;
    waiter->changed->notify_all();
    waiter->mutex->unlock();
  }
  return all;
}

}  // namespace tokenwarden::sys
