#include "cli/check/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "tests/unit/cli/fake_services.h"

namespace tokenwarden::cli {
namespace {

Target TokenTarget(const std::string& name) {
  Target target;
  target.spec.name = name;
  target.value = Secret(FakeToken());
  return target;
}

std::vector<Target> Targets(int count) {
  std::vector<Target> targets;
  for (int i = 0; i < count; ++i) targets.push_back(TokenTarget(std::to_string(i)));
  return targets;
}

Observation ValidFor(const Target& target) {
  Observation seen;
  seen.verdict = Verdict::kValid;
  seen.reason = Reason::kConfirmed;
  seen.message = target.spec.name;
  return seen;
}

// Holds every asker until it is opened: time passes when the test says so.
class Door {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    most_ = std::max(most_, waiting_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --waiting_;
  }
  void WaitForWaiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  int most() const { return most_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
  int most_ = 0;
};

// A clock that stands still until the time of the run is to be over.
class RunClock {
 public:
  void BeOver() { over_ = true; }
  RunLimits Limits() const {
    RunLimits limits;
    limits.timeout = std::chrono::milliseconds{1};
    limits.steady_now = [this] {
      return std::chrono::steady_clock::time_point(over_ ? std::chrono::hours{1}
                                                         : std::chrono::hours{0});
    };
    return limits;
  }

 private:
  std::atomic<bool> over_{false};
};

TEST(Runner, KeepsTheOrderOfTheTargetsWhateverFinishesFirst) {
  const std::vector<Target> targets = Targets(20);
  const RunResult result = RunChecks(
      targets, {}, [](const Target& target, std::chrono::milliseconds) { return ValidFor(target); },
      [] {});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    EXPECT_EQ(result.observations[i].message, std::to_string(i));
  }
}

TEST(Runner, AsksInParallelWithinItsBound) {
  Door door;
  RunLimits limits;
  limits.parallel = 3;
  std::thread opener([&] {
    door.WaitForWaiting(3);
    door.Open();
  });
  RunChecks(
      Targets(9), limits,
      [&](const Target& target, std::chrono::milliseconds) {
        door.Wait();
        return ValidFor(target);
      },
      [] {});
  opener.join();
  EXPECT_EQ(door.most(), 3);
}

TEST(Runner, AsksNobodyAboutWhatIsKnownAlready) {
  std::vector<Target> targets = Targets(2);
  targets[0].value = Secret("your_token_here");
  targets[1].use = Use::kSharedSecret;
  const RunResult result = RunChecks(
      targets, {},
      [](const Target&, std::chrono::milliseconds) -> Observation {
        ADD_FAILURE() << "nobody should have been asked";
        return {};
      },
      [] {});
  EXPECT_EQ(result.observations[0].verdict, Verdict::kMalformed);
  EXPECT_EQ(result.observations[1].reason, Reason::kNotConfigured);
}

TEST(Runner, StopsWhatIsStillRunningWhenTheTimeIsOverAndSaysSo) {
  Door door;
  RunClock clock;
  RunLimits limits = clock.Limits();
  limits.parallel = 1;
  int stops = 0;
  const RunResult result = RunChecks(
      Targets(2), limits,
      [&](const Target&, std::chrono::milliseconds) {
        clock.BeOver();
        door.Wait();
        return Observation{};
      },
      [&] {
        ++stops;
        door.Open();
      });
  EXPECT_EQ(stops, 1);
  EXPECT_FALSE(result.interrupted);
  for (const Observation& seen : result.observations) {
    EXPECT_EQ(seen.verdict, Verdict::kIndeterminate);
    EXPECT_NE(seen.message.find("the time for this run"), std::string::npos);
    EXPECT_NE(seen.action.find("--timeout"), std::string::npos);
  }
}

TEST(Runner, KeepsAConclusionThatArrivesAfterTheTimeIsOver) {
  Door door;
  RunClock clock;
  const RunResult result = RunChecks(
      Targets(1), clock.Limits(),
      [&](const Target& target, std::chrono::milliseconds) {
        clock.BeOver();
        door.Wait();
        return ValidFor(target);
      },
      [&] { door.Open(); });
  EXPECT_EQ(result.observations[0].verdict, Verdict::kValid);
}

TEST(Runner, EndsAtOnceWhenTheUserWantsOut) {
  Door door;
  const int fd = eventfd(0, 0);
  RunLimits limits;
  limits.interrupt_fd = fd;
  std::thread user([&] {
    door.WaitForWaiting(1);
    eventfd_write(fd, 1);
  });
  const RunResult result = RunChecks(
      Targets(1), limits,
      [&](const Target&, std::chrono::milliseconds) {
        door.Wait();
        return Observation{};
      },
      [&] { door.Open(); });
  user.join();
  close(fd);
  EXPECT_TRUE(result.interrupted);
  EXPECT_NE(result.observations[0].message.find("interrupted"), std::string::npos);
}

TEST(Interrupt, ExitsWith130AndValidJsonWhenInterrupted) {
  FakeServices services;
  Door door;
  services.input = FakeToken();
  services.interrupt_fd = eventfd(1, 0);
  services.on_stop = [&] { door.Open(); };
  services.issuer.answer = [&](const ProviderContext&, const Secret&) {
    door.Wait();
    return Observation{};
  };
  const Outcome outcome = cli::Run({"check", "--token-stdin", "--format", "json"}, services);
  close(services.interrupt_fd);
  EXPECT_EQ(outcome.exit_code, ExitCode::kInterrupted);
  EXPECT_NE(outcome.out.find("\"reason\":\"interrupted\""), std::string::npos);
}

}  // namespace
}  // namespace tokenwarden::cli
