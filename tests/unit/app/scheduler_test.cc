#include "agent/app/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/fakes/fake_clock.h"

namespace tokenwarden {
namespace {

const Instant kStart = FromUnix(1795262400);

// A job that counts, and that a test can hold open by name prefix.
class Jobs {
 public:
  JobResult Run(const std::string& name) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++runs_[name];
    ++inside_[name.substr(0, 1)];
    most_[name.substr(0, 1)] = std::max(most_[name.substr(0, 1)], inside_[name.substr(0, 1)]);
    changed_.notify_all();
    changed_.wait(lock, [&] { return held_.count(name.substr(0, 1)) == 0; });
    --inside_[name.substr(0, 1)];
    JobResult result;
    result.next_due = kStart + kHour;
    result.lane_silent = silent_.count(name.substr(0, 1)) != 0;
    return result;
  }
  void Hold(const std::string& lane) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_.insert(lane);
  }
  void LetGo(const std::string& lane) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_.erase(lane);
    changed_.notify_all();
  }
  void BeSilent(const std::string& lane) {
    std::lock_guard<std::mutex> lock(mutex_);
    silent_.insert(lane);
  }
  void AwaitRuns(const std::string& name, int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return runs_[name] >= count; });
  }
  void AwaitInside(const std::string& lane, int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return inside_[lane] >= count; });
  }
  int RunsOf(const std::string& name) {
    std::lock_guard<std::mutex> lock(mutex_);
    return runs_[name];
  }
  int MostAtOnce(const std::string& lane) {
    std::lock_guard<std::mutex> lock(mutex_);
    return most_[lane];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> runs_;
  std::map<std::string, int> inside_;
  std::map<std::string, int> most_;
  std::set<std::string> held_;
  std::set<std::string> silent_;
};

struct Rig {
  explicit Rig(std::size_t per_lane = 2)
      : scheduler(clock, {per_lane, 64},
                  [this](const std::string& name) { return jobs.Run(name); }) {}
  FakeClock clock{kStart};
  Jobs jobs;
  Scheduler scheduler;
};

TEST(Scheduler, RunsAJobWhenItIsDueAndNotBefore) {
  Rig rig;
  rig.scheduler.Add("a1", "a", kStart + kMinute);
  rig.scheduler.Start();
  rig.scheduler.WaitUntilIdle();
  EXPECT_EQ(rig.jobs.RunsOf("a1"), 0);
  rig.clock.Advance(kMinute);
  rig.jobs.AwaitRuns("a1", 1);
}

TEST(Scheduler, LetsOneSlowLaneDelayNoOther) {
  Rig rig;
  rig.jobs.Hold("a");
  for (int i = 0; i < 20; ++i) rig.scheduler.Add("a" + std::to_string(i), "a", kStart);
  rig.scheduler.Add("b1", "b", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitRuns("b1", 1);
  rig.jobs.AwaitInside("a", 2);
  rig.jobs.LetGo("a");
  rig.scheduler.WaitUntilIdle();
  EXPECT_EQ(rig.jobs.MostAtOnce("a"), 2) << "the limit of a lane holds";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(rig.jobs.RunsOf("a" + std::to_string(i)), 1);
}

TEST(Scheduler, GivesASilentLaneOneWorkerOnly) {
  Rig rig(8);
  rig.jobs.BeSilent("a");
  rig.scheduler.Add("a0", "a", kStart);
  rig.scheduler.Start();
  rig.scheduler.WaitUntilIdle();
  rig.jobs.Hold("a");
  for (int i = 0; i < 8; ++i) rig.scheduler.Kick("a0");
  rig.jobs.AwaitInside("a", 1);
  rig.jobs.LetGo("a");
  rig.scheduler.WaitUntilIdle();
  EXPECT_EQ(rig.jobs.MostAtOnce("a"), 1);
}

TEST(Scheduler, RunsAJobAgainWhenItIsKickedWhileItRuns) {
  Rig rig;
  rig.jobs.Hold("a");
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitInside("a", 1);
  rig.scheduler.Kick("a1");
  rig.scheduler.Kick("a1");
  rig.jobs.LetGo("a");
  rig.jobs.AwaitRuns("a1", 2);
  rig.scheduler.WaitUntilIdle();
  EXPECT_EQ(rig.jobs.RunsOf("a1"), 2) << "two kicks, one more run, never two at once";
}

TEST(Scheduler, SleepsWithoutATimerWhileNothingIsDue) {
  Rig rig;
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitRuns("a1", 1);
  rig.scheduler.WaitUntilIdle();
  const int waits = rig.clock.waits();
  rig.clock.Advance(kMinute);  // the next run is in an hour: nobody wakes up for this
  EXPECT_EQ(rig.clock.waits(), waits);
  EXPECT_EQ(rig.jobs.RunsOf("a1"), 1);
}

TEST(Scheduler, SaysThatItIsIdleAfterWorkAndAtMostOnceAMinute) {
  FakeClock clock{kStart};
  Jobs jobs;
  std::atomic<int> idle{0};
  Scheduler scheduler(
      clock, {2, 64}, [&](const std::string& name) { return jobs.Run(name); },
      [&] {
        ++idle;
        idle.notify_all();
      });
  scheduler.Add("a1", "a", kStart);
  scheduler.Start();
  idle.wait(0);
  for (int i = 0; i < 3; ++i) {
    scheduler.Kick("a1");
    scheduler.WaitUntilIdle();
  }
  clock.Advance(kMinute);
  scheduler.Kick("a1");
  idle.wait(1);
  scheduler.Stop();
  EXPECT_EQ(jobs.RunsOf("a1"), 5);
  EXPECT_EQ(idle, 2);
}

TEST(Scheduler, SaysThatItIsIdleAtOnceAfterMuchWork) {
  FakeClock clock{kStart};
  Jobs jobs;
  std::atomic<int> idle{0};
  Scheduler scheduler(
      clock, {2, 64}, [&](const std::string& name) { return jobs.Run(name); },
      [&] {
        ++idle;
        idle.notify_all();
      });
  scheduler.Add("a0", "a", kStart);
  scheduler.Start();
  idle.wait(0);
  for (int i = 1; i <= 150; ++i) scheduler.Add("a" + std::to_string(i), "a", kStart);
  idle.wait(1);
  EXPECT_GE(idle, 2);
}

TEST(Scheduler, FollowsAJobThatMovesToAnotherLane) {
  Rig rig;
  rig.jobs.Hold("a");
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitInside("a", 1);
  rig.scheduler.Add("a1", "b", kStart);
  rig.jobs.LetGo("a");
  rig.jobs.AwaitRuns("a1", 2);
  rig.scheduler.WaitUntilIdle();
  rig.scheduler.Remove("a1");
  rig.scheduler.Kick("a1");
  EXPECT_EQ(rig.jobs.RunsOf("a1"), 2);
}

TEST(Scheduler, LooksAtEverythingAgainWhenTheClockIsSetBack) {
  Rig rig;
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitRuns("a1", 1);
  rig.scheduler.WaitUntilIdle();
  rig.clock.Set(kStart - 365 * kDay);  // its next run would be a year and an hour away
  rig.jobs.AwaitRuns("a1", 2);
  rig.scheduler.WaitUntilIdle();
  EXPECT_EQ(rig.jobs.RunsOf("a1"), 2);
}

TEST(Scheduler, DistrustsWhatAJobPlannedWhileTheClockWasSetBack) {
  Rig rig;
  rig.jobs.Hold("a");
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitInside("a", 1);
  rig.clock.Set(kStart - 365 * kDay);
  rig.jobs.LetGo("a");
  rig.jobs.AwaitRuns("a1", 2);
}

TEST(Scheduler, ForgetsARemovedJobEvenWhileItRuns) {
  Rig rig;
  rig.jobs.Hold("a");
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitInside("a", 1);
  rig.scheduler.Remove("a1");
  rig.jobs.LetGo("a");
  rig.scheduler.WaitUntilIdle();
  rig.clock.Advance(kDay);
  rig.scheduler.Kick("a1");
  EXPECT_EQ(rig.jobs.RunsOf("a1"), 1);
}

TEST(Scheduler, StopsOnlyWhenRunningJobsAreDone) {
  Rig rig;
  rig.jobs.Hold("a");
  rig.scheduler.Add("a1", "a", kStart);
  rig.scheduler.Start();
  rig.jobs.AwaitInside("a", 1);
  rig.jobs.LetGo("a");
  rig.scheduler.Stop();
  EXPECT_EQ(rig.scheduler.Running(), 0u);
}

// Nobody starts it, so nothing is ever taken up: what a probe may say is a matter of time alone.
TEST(Scheduler, IsStalledOnlyAMinuteAfterWorkWasAskedFor) {
  Rig rig;
  rig.scheduler.Add("a1", "a", Instant{});  // at once
  EXPECT_FALSE(rig.scheduler.IsStalled(rig.clock.Now())) << "it has had no time yet";
  rig.clock.Advance(kMinute);
  EXPECT_FALSE(rig.scheduler.IsStalled(rig.clock.Now()));
  rig.clock.Advance(Seconds{1});
  EXPECT_TRUE(rig.scheduler.IsStalled(rig.clock.Now()));
}

TEST(Scheduler, IsNotStalledByAKickAfterALongSleep) {
  Rig rig;
  rig.scheduler.Add("a1", "a", kStart + kDay);
  rig.clock.Advance(kHour);
  rig.scheduler.Kick("a1");
  EXPECT_FALSE(rig.scheduler.IsStalled(rig.clock.Now()));
  rig.clock.Advance(kMinute + Seconds{1});
  EXPECT_TRUE(rig.scheduler.IsStalled(rig.clock.Now()));
}

}  // namespace
}  // namespace tokenwarden
