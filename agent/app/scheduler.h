// Scheduler: runs each job when it is due, many at once, at most a few per lane.
//
// A lane is what shares a limit: one issuer with one app. Lanes never wait for each other: a slow,
// throttled or dead issuer holds up only its own lane, and a lane whose issuer is silent keeps one
// worker, not all of them. There is no timer but the next due time; idleness is told when it
// begins: at most once a minute, or after much work. Threads: one that waits, and workers that live
// while there is work. Thread-safe. A job runs on one worker at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/core/time.h"
#include "agent/ports/clock.h"

namespace tokenwarden {

struct JobResult {
  Instant next_due{};
  bool lane_silent = false;                // the issuer did not answer
  std::optional<Instant> lane_not_before;  // the issuer told the lane to wait
};

class Scheduler {
 public:
  using Job = std::function<JobResult(const std::string& name)>;
  struct Limits {
    std::size_t per_lane = 8;
    std::size_t workers = 256;
  };

  // `on_idle` runs on the waiting thread when all work is done that is due.
  Scheduler(Clock& clock, Limits limits, Job job, std::function<void()> on_idle = {});
  ~Scheduler();  // stops
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void Start();
  // No new job starts; waits for the running ones.
  void Stop();

  void Add(const std::string& name, const std::string& lane, Instant due);
  void Remove(const std::string& name);
  // Runs the job as soon as its lane allows; again after the present run if it is running.
  void Kick(const std::string& name);

  // Blocks until nothing is due or running and the waiting thread sleeps. For --once and tests.
  void WaitUntilIdle();
  // The wall-clock time of the last pass of the waiting thread.
  Instant LastTurn() const;
  // Something has been due for over a minute and the waiting thread has not taken it up.
  bool IsStalled(Instant now) const;
  std::size_t Waiting() const;  // due jobs that a limit holds back
  std::size_t Running() const;

 private:
  // Small: there is one for each credential.
  struct Entry {
    const std::string* name = nullptr;  // the key of this entry
    const std::string* lane = nullptr;  // the key in lane_users_
    Instant due{};
    bool queued = false;
    bool running = false;
    bool again = false;    // kicked while running
    bool removed = false;  // while running
  };
  struct ByDue {
    bool operator()(const Entry* a, const Entry* b) const {
      return a->due != b->due ? a->due < b->due : *a->name < *b->name;
    }
  };
  struct Lane {
    std::deque<std::string> ready;
    std::size_t running = 0;
    bool silent = false;
    Instant not_before{};
  };

  void Turn();
  void DistrustTimes();
  void MoveDueJobs(Instant now);
  void StartWorkers(Instant now);
  void Work(std::string name, const std::string& lane_name);
  void Finish(const std::string& name, Lane& lane, const JobResult& result);
  void SetDue(Entry& entry, Instant due);
  void SetLane(Entry& entry, const std::string& lane);
  void Erase(const std::string& name);
  void TellIdle(std::unique_lock<std::mutex>& lock, Instant now);
  std::size_t LimitOf(const Lane& lane) const { return lane.silent ? 1 : limits_.per_lane; }
  Instant NextWake(Instant now) const;
  bool Idle(Instant now) const;

  Clock& clock_;
  const Limits limits_;
  const Job job_;
  const std::function<void()> on_idle_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable finished_;
  std::unordered_map<std::string, Entry> entries_;
  std::map<std::string, std::size_t> lane_users_;  // entries by lane
  std::map<std::string, Lane> lanes_;              // those with work
  std::set<Entry*, ByDue> due_;
  std::size_t running_ = 0;
  std::uint64_t version_ = 0;  // raised with every change that the waiting thread must see
  std::uint64_t slept_ = 0;    // the version that it had seen when it last went to sleep
  Instant last_turn_{};
  std::size_t worked_ = 0;  // jobs since on_idle_ was called
  Instant last_idle_{};
  bool stopping_ = false;
  std::thread turner_;
};

}  // namespace tokenwarden
