#include "agent/adapters/system/system_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace tokenwarden::sys {
namespace {

class SystemClockTest : public testing::Test {
 protected:
  // Runs `wake` once another thread waits until `until`; returns when that thread is back.
  void WaitUntilWokenBy(
      Instant until, const std::function<void()>& wake,
      const std::function<void()>& after = [] {}) {
    bool waiting = false;
    std::thread waiter([&] {
      std::unique_lock<std::mutex> lock(mutex_);
      waiting = true;
      changed_.notify_all();
      clock_.WaitUntil(lock, changed_, until, [] { return false; });
      after();
    });
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [&] { return waiting; });
    }
    wake();
    waiter.join();
  }

  void Notify() {
    const std::lock_guard<std::mutex> guard(mutex_);
    changed_.notify_all();
  }

  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

TEST_F(SystemClockTest, TellsWholeSecondsThatHaveBegun) {
  const auto before = std::chrono::system_clock::now();
  const Instant now = clock_.Now();
  const auto after = std::chrono::system_clock::now();
  EXPECT_GT(now, before - Seconds(1));
  EXPECT_LE(now, after);
  const auto steady = clock_.SteadyNow();
  EXPECT_LE(steady, std::chrono::steady_clock::now());
}

TEST_F(SystemClockTest, DoesNotWaitWhenReady) {
  std::unique_lock<std::mutex> lock(mutex_);
  clock_.WaitUntil(lock, changed_, Clock::kForever, [] { return true; });
  EXPECT_TRUE(lock.owns_lock());
}

TEST_F(SystemClockTest, DoesNotWaitForATimeThatIsOver) {
  std::unique_lock<std::mutex> lock(mutex_);
  clock_.WaitUntil(lock, changed_, clock_.Now(), [] { return false; });
  EXPECT_TRUE(lock.owns_lock());
}

TEST_F(SystemClockTest, DoesNotMistakeAFarFutureForThePast) {
  const Instant far = FromUnix(kMaxUnixSeconds);
  bool woken = false;
  WaitUntilWokenBy(
      far,
      [&] {
        const std::lock_guard<std::mutex> guard(mutex_);
        woken = true;
        changed_.notify_all();
      },
      [&] { EXPECT_TRUE(woken); });
}

TEST_F(SystemClockTest, DoesNotWaitForTheBeginningOfTime) {
  std::unique_lock<std::mutex> lock(mutex_);
  clock_.WaitUntil(lock, changed_, Instant::min(), [] { return false; });
  EXPECT_TRUE(lock.owns_lock());
}

TEST_F(SystemClockTest, WaitsUntilTheWallClockReachesTheTime) {
  const Instant until = clock_.Now() + Seconds(1);
  std::unique_lock<std::mutex> lock(mutex_);
  while (clock_.Now() < until) clock_.WaitUntil(lock, changed_, until, [] { return false; });
  EXPECT_LT(std::chrono::system_clock::now(), until + Seconds(20));
}

TEST_F(SystemClockTest, ReturnsWhenNotified) {
  WaitUntilWokenBy(clock_.Now() + kDay, [this] { Notify(); });
  WaitUntilWokenBy(Clock::kForever, [this] { Notify(); });
}

TEST_F(SystemClockTest, EveryWaitLooksAgainAfterTheClockWasSet) {
  for (int i = 0; i < 200; ++i) {
    WaitUntilWokenBy(clock_.Now() + kDay, [this] { clock_.WakeAll(); });
  }
}

TEST_F(SystemClockTest, StopsWithoutAnyWait) { SystemClock unused; }

}  // namespace
}  // namespace tokenwarden::sys
