#include "agent/adapters/kubernetes/rollout_notifier.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tokenwarden::kubernetes {
namespace {

constexpr int kTries = 5;
constexpr Seconds kBetweenTries{30};
constexpr std::chrono::milliseconds kTimeoutWhileStopping{2000};

}  // namespace

PatientRollouts::PatientRollouts(Client& client, EventListener* events)
    : client_(client), events_(events) {}

PatientRollouts::~PatientRollouts() { PatientRollouts::Stop(); }

Status PatientRollouts::Notify(const NotifySpec& spec, const Notice& notice) {
  Result<Workload> workload = ParseWorkload(spec.workload, client_.default_namespace());
  if (!workload) return tl::unexpected<Error>(workload.error());
  RolloutOrder order{std::move(*workload),
                     {{notice.credential, notice.fingerprint.text}},
                     spec.min_interval,
                     spec.timeout};
  TakeOver(spec.workload, order);
  const Result<std::optional<Instant>> done = RollOut(client_, order);
  if (!done) {
    order.fingerprints.erase(notice.credential);
    if (!order.fingerprints.empty()) {
      PutOff(spec.workload, std::move(order), client_.clock().Now() + kBetweenTries);
    }
    return tl::unexpected<Error>(done.error());
  }
  if (*done) PutOff(spec.workload, std::move(order), **done);
  return {};
}

void PatientRollouts::TakeOver(const std::string& workload, RolloutOrder& order) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = later_.find(workload);
  if (found == later_.end()) return;
  order.fingerprints.merge(found->second.order.fingerprints);  // those of the order count
  later_.erase(found);
}

void PatientRollouts::PutOff(const std::string& workload, RolloutOrder order, Instant due) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Later& later = later_[workload];
  order.fingerprints.merge(later.order.fingerprints);
  later = Later{std::move(order), due};
  if (!thread_.joinable() && !stopped_) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
}

Instant PatientRollouts::NextDue() const {
  Instant next = Clock::kForever;
  for (const auto& [workload, later] : later_) next = std::min(next, later.due);
  return next;
}

void PatientRollouts::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopped_) {
    const Instant next = NextDue();
    client_.clock().WaitUntil(lock, changed_, next, [&] { return stopped_ || NextDue() != next; });
    if (!stopped_) DoDue(lock);
  }
}

void PatientRollouts::DoDue(std::unique_lock<std::mutex>& lock) {
  const Instant now = client_.clock().Now();
  std::vector<std::pair<std::string, Later>> due;
  for (const auto& [workload, later] : later_) {
    if (later.due <= now || stopped_) due.emplace_back(workload, later);
  }
  for (auto& [workload, later] : due) {
    later_.erase(workload);
    if (stopped_) {
      later.order.min_interval = Seconds(0);
      later.order.timeout = kTimeoutWhileStopping;
    }
    lock.unlock();
    const Result<std::optional<Instant>> done = RollOut(client_, later.order);
    if (!done) TellFailure(workload, later.order, done.error());
    lock.lock();
    const bool again = !done && ++later.failures < kTries;
    if (stopped_ || (done ? !*done : !again)) continue;
    later.due = done ? **done : now + kBetweenTries;
    later_.emplace(workload, later);  // a newer one counts
  }
}

void PatientRollouts::TellFailure(const std::string& workload, const RolloutOrder& order,
                                  const Error& error) {
  if (events_ == nullptr) return;
  Event event;
  event.kind = Event::Kind::kNotifyFailed;
  event.level = LogLevel::kError;
  event.message = "consumer could not be told";
  event.credential = order.fingerprints.begin()->first;
  event.sink = "kubernetes_rollout";
  event.target = "kubernetes_rollout " + workload;
  event.reason = error.reason;
  event.fields = {{"error", error.message}, {"action", error.action}};
  events_->On(event);
}

void PatientRollouts::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  std::unique_lock<std::mutex> lock(mutex_);
  DoDue(lock);
  later_.clear();
}

}  // namespace tokenwarden::kubernetes
