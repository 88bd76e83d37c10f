#include "cli/check/runner.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cli/check/local_verdict.h"

namespace tokenwarden::cli {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kLongestRequest{10000};

enum class Ending { kDone, kTimeOver, kInterrupted };

Observation NotAsked(Ending ending, Instant now, Milliseconds timeout) {
  Observation seen;
  seen.evidence.observed_at = now;
  if (ending == Ending::kInterrupted) {
    seen.message = "the run was interrupted before the issuer answered";
  } else {
    const auto seconds = std::chrono::duration_cast<Seconds>(timeout);
    seen.message = "the issuer had not answered when the time for this run (" +
                   FormatDuration(seconds) + ") was over";
    seen.action = "try again; if it happens again, check the way to the issuer or raise --timeout";
  }
  return seen;
}

// Threads that take one target after the other, and one place that waits for them.
class Crew {
 public:
  Crew(const std::vector<Target>& targets, std::vector<std::size_t> open, const RunLimits& limits,
       const Ask& ask, std::vector<Observation>& seen)
      : targets_(targets),
        open_(std::move(open)),
        limits_(limits),
        ask_(ask),
        seen_(seen),
        end_(limits.steady_now() + limits.timeout),
        done_fd_(eventfd(0, EFD_CLOEXEC)) {}
  ~Crew() {
    for (std::thread& worker : workers_) worker.join();
    if (done_fd_ >= 0) close(done_fd_);
  }

  void Start() {
    const auto wanted = static_cast<std::size_t>(std::max(1, limits_.parallel));
    const std::size_t count = std::min(wanted, open_.size());
    running_ = count;
    for (std::size_t i = 0; i < count; ++i) workers_.emplace_back([this] { Work(); });
  }

  // Until everything is answered, the time is over, or the user wants out.
  Ending Wait() {
    for (;;) {
      pollfd fds[] = {{done_fd_, POLLIN, 0}, {limits_.interrupt_fd, POLLIN, 0}};
      const int ready = poll(fds, 2, static_cast<int>(Left().count()));
      if (ready < 0 && errno == EINTR) continue;
      if ((fds[1].revents & POLLIN) != 0) return Ending::kInterrupted;
      if ((fds[0].revents & POLLIN) != 0) return Ending::kDone;
      if (Left() == Milliseconds{0}) return Ending::kTimeOver;
    }
  }

  void TellToStop(Ending ending) { ending_ = ending; }

 private:
  Milliseconds Left() const {
    const auto left = end_ - limits_.steady_now();
    return std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(left));
  }

  void Work() {
    for (;;) {
      const std::size_t turn = next_++;
      if (turn >= open_.size()) break;
      const std::size_t index = open_[turn];
      seen_[index] = Look(targets_[index]);
    }
    if (--running_ > 0) return;
    const std::uint64_t one = 1;
    // Cannot fail: the counter is far from full and the descriptor is ours.
    [[maybe_unused]] const ssize_t written = write(done_fd_, &one, sizeof one);
  }

  // A conclusion that arrives late is still a conclusion; only silence is explained by the clock.
  Observation Look(const Target& target) {
    if (ending_ == Ending::kDone && Left() > Milliseconds{0}) {
      Observation seen = ask_(target, std::min(kLongestRequest, Left()));
      const bool cut = ending_ != Ending::kDone && !IsConclusive(seen.verdict);
      if (!cut) return seen;
    }
    const Ending ending = ending_ == Ending::kDone ? Ending::kTimeOver : ending_.load();
    return NotAsked(ending, limits_.now, limits_.timeout);
  }

  const std::vector<Target>& targets_;
  const std::vector<std::size_t> open_;  // indexes into the targets
  const RunLimits& limits_;
  const Ask& ask_;
  std::vector<Observation>&
      seen_;  // each element is written by one thread, read after all have ended
  const SteadyTime end_;
  const int done_fd_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> running_{0};
  std::atomic<Ending> ending_{Ending::kDone};
  std::vector<std::thread> workers_;
};

}  // namespace

RunResult RunChecks(const std::vector<Target>& targets, const RunLimits& limits, const Ask& ask,
                    const std::function<void()>& stop) {
  RunResult result;
  result.observations.resize(targets.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::optional<Observation> known = JudgeLocally(targets[i], limits.now);
    if (known) {
      result.observations[i] = std::move(*known);
    } else {
      open.push_back(i);
    }
  }
  if (open.empty()) return result;
  Ending ending = Ending::kDone;
  {
    Crew crew(targets, std::move(open), limits, ask, result.observations);
    crew.Start();
    ending = crew.Wait();
    if (ending != Ending::kDone) {
      crew.TellToStop(ending);
      stop();
    }
  }
  result.interrupted = ending == Ending::kInterrupted;
  return result;
}

}  // namespace tokenwarden::cli
