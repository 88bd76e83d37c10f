#include "agent/app/scheduler.h"

#include <algorithm>

namespace tokenwarden {
namespace {

// Small steps of a clock that is being set change nothing.
constexpr Seconds kClockTolerance = kMinute;
// So many jobs are worth telling their end at once, however lately another was told.
constexpr std::size_t kMuchWork = 100;

bool JumpedBack(Instant from, Instant to) { return to + kClockTolerance < from; }

}  // namespace

Scheduler::Scheduler(Clock& clock, Limits limits, Job job, std::function<void()> on_idle)
    : clock_(clock), limits_(limits), job_(std::move(job)), on_idle_(std::move(on_idle)) {}

Scheduler::~Scheduler() { Stop(); }

void Scheduler::Start() {
  turner_ = std::thread([this] { Turn(); });
}

void Scheduler::Stop() {
  std::unique_lock<std::mutex> lock(mutex_);
  stopping_ = true;
  ++version_;
  changed_.notify_all();
  finished_.wait(lock, [this] { return running_ == 0; });
  lock.unlock();
  if (turner_.joinable()) turner_.join();
}

// What is wanted at once is due now, not in the past: how long it has been due tells a stall.
void Scheduler::SetDue(Entry& entry, Instant due) {
  due_.erase(&entry);  // before its place in the order changes
  entry.due = std::max(due, clock_.Now());
  due_.insert(&entry);
}

void Scheduler::SetLane(Entry& entry, const std::string& lane) {
  if (entry.lane != nullptr && *entry.lane == lane) return;
  const auto fresh = lane_users_.try_emplace(lane, 0).first;
  ++fresh->second;
  if (entry.lane != nullptr) {
    const auto old = lane_users_.find(*entry.lane);
    if (--old->second == 0) lane_users_.erase(old);
  }
  entry.lane = &fresh->first;
}

void Scheduler::Erase(const std::string& name) {
  const auto found = entries_.find(name);
  const auto lane = lane_users_.find(*found->second.lane);
  if (--lane->second == 0) lane_users_.erase(lane);
  entries_.erase(found);
}

void Scheduler::Add(const std::string& name, const std::string& lane, Instant due) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.try_emplace(name).first;
  Entry& entry = found->second;
  entry.name = &found->first;
  SetLane(entry, lane);
  entry.removed = false;
  if (entry.running || entry.queued) {
    entry.again = true;
  } else {
    SetDue(entry, due);
  }
  ++version_;
  changed_.notify_all();
}

void Scheduler::Remove(const std::string& name) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  if (found->second.running || found->second.queued) {
    found->second.removed = true;
  } else {
    due_.erase(&found->second);
    Erase(name);
  }
}

void Scheduler::Kick(const std::string& name) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || stopping_) return;
  Entry& entry = found->second;
  if (entry.running || entry.queued) {
    entry.again = true;
    return;
  }
  SetDue(entry, Instant{});
  ++version_;
  changed_.notify_all();
}

void Scheduler::Turn() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    const Instant now = clock_.Now();
    if (JumpedBack(last_turn_, now)) DistrustTimes();
    last_turn_ = now;
    MoveDueJobs(now);
    StartWorkers(now);
    const std::uint64_t seen = version_;
    TellIdle(lock, now);
    slept_ = seen;
    finished_.notify_all();
    clock_.WaitUntil(lock, changed_, NextWake(now), [this, seen, now] {
      return stopping_ || version_ != seen || JumpedBack(now, clock_.Now());
    });
  }
}

void Scheduler::TellIdle(std::unique_lock<std::mutex>& lock, Instant now) {
  const bool lately = now >= last_idle_ && now < last_idle_ + kMinute;
  if (!on_idle_ || worked_ == 0 || (lately && worked_ < kMuchWork) || !Idle(now)) return;
  worked_ = 0;
  last_idle_ = now;
  lock.unlock();
  on_idle_();
  lock.lock();
}

// The clock was set back: what was planned by the old one could lie a year ahead. Everything is
// looked at once.
void Scheduler::DistrustTimes() {
  due_.clear();
  for (auto& each : entries_) {
    Entry& entry = each.second;
    if (entry.running || entry.queued) {
      entry.again = true;
    } else {
      SetDue(entry, Instant{});
    }
  }
  for (auto& each : lanes_) each.second.not_before = Instant{};
}

void Scheduler::MoveDueJobs(Instant now) {
  while (!due_.empty() && (*due_.begin())->due <= now) {
    Entry& entry = **due_.begin();
    due_.erase(due_.begin());
    entry.queued = true;
    lanes_[*entry.lane].ready.push_back(*entry.name);
  }
}

void Scheduler::StartWorkers(Instant now) {
  for (auto& each : lanes_) {
    const std::string& lane_name = each.first;
    Lane& lane = each.second;
    while (!lane.ready.empty() && lane.running < LimitOf(lane) && now >= lane.not_before &&
           running_ < limits_.workers) {
      std::string name = std::move(lane.ready.front());
      lane.ready.pop_front();
      Entry& entry = entries_[name];
      entry.queued = false;
      if (entry.removed) {
        Erase(name);
        continue;
      }
      entry.running = true;
      entry.again = false;
      ++lane.running;
      ++running_;
      // Detached, but counted: Stop() waits until the count is zero.
      std::thread([this, started = std::move(name), lane_name]() mutable {
        Work(std::move(started), lane_name);
      }).detach();
    }
  }
}

void Scheduler::Work(std::string name, const std::string& lane_name) {
  // One worker serves its lane until it is empty: a thread is not started for every job.
  while (true) {
    const Instant began = clock_.Now();
    JobResult result = job_(name);
    std::unique_lock<std::mutex> lock(mutex_);
    if (JumpedBack(began, clock_.Now())) result = {Instant{}, result.lane_silent, std::nullopt};
    Lane& lane = lanes_[lane_name];
    Finish(name, lane, result);
    const bool go_on = !stopping_ && !lane.ready.empty() && lane.running <= LimitOf(lane) &&
                       clock_.Now() >= lane.not_before && !entries_[lane.ready.front()].removed;
    if (!go_on) {
      --lane.running;
      --running_;
      if (lane.running == 0 && lane.ready.empty() && lane.not_before <= clock_.Now()) {
        lanes_.erase(lane_name);
      }
      ++version_;
      changed_.notify_all();
      finished_.notify_all();  // under the lock: Stop() may destroy us as soon as it is released
      return;
    }
    name = std::move(lane.ready.front());
    lane.ready.pop_front();
    Entry& next = entries_[name];
    next.queued = false;
    next.running = true;
    next.again = false;
  }
}

void Scheduler::Finish(const std::string& name, Lane& lane, const JobResult& result) {
  Entry& entry = entries_[name];
  lane.silent = result.lane_silent;
  if (result.lane_not_before) lane.not_before = std::max(lane.not_before, *result.lane_not_before);
  entry.running = false;
  ++worked_;
  if (entry.removed) {
    Erase(name);
    return;
  }
  SetDue(entry, entry.again ? Instant{} : result.next_due);
  entry.again = false;
  ++version_;
  changed_.notify_all();
}

Instant Scheduler::NextWake(Instant now) const {
  Instant wake = due_.empty() ? Clock::kForever : (*due_.begin())->due;
  for (const auto& [name, lane] : lanes_) {
    const bool held = !lane.ready.empty() && lane.not_before > now;
    if (held) wake = std::min(wake, lane.not_before);
  }
  return wake;
}

bool Scheduler::Idle(Instant now) const {
  if (running_ != 0 || (!due_.empty() && (*due_.begin())->due <= now)) return false;
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane.second.ready.empty(); });
}

void Scheduler::WaitUntilIdle() {
  std::unique_lock<std::mutex> lock(mutex_);
  finished_.wait(lock, [this] { return stopping_ || (slept_ == version_ && Idle(clock_.Now())); });
}

Instant Scheduler::LastTurn() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return last_turn_;
}

bool Scheduler::IsStalled(Instant now) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return !due_.empty() && (*due_.begin())->due + kMinute < now && last_turn_ + kMinute < now;
}

std::size_t Scheduler::Waiting() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::size_t waiting = 0;
  for (const auto& [name, lane] : lanes_) waiting += lane.ready.size();
  return waiting;
}

std::size_t Scheduler::Running() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return running_;
}

}  // namespace tokenwarden
