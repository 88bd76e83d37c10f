#include "tests/crash/points.h"

namespace tokenwarden::crash {
namespace {

constexpr int kMostTries = 3;

}  // namespace

std::optional<std::string> Points::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return !waiting_.empty() || running_ == 0; });
  if (waiting_.empty()) return std::nullopt;
  std::string point = std::move(waiting_.front());
  waiting_.pop_front();
  ++tries_[point];
  ++running_;
  return point;
}

void Points::Done(const std::string& tried, bool reached, const std::vector<std::string>& passed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& point : passed) {
    if (tries_.emplace(point, 0).second) waiting_.push_back(point);
  }
  if (!tried.empty()) {
    --running_;
    if (reached) {
      ++reached_;
    } else if (tries_[tried] < kMostTries) {
      waiting_.push_back(tried);
    } else {
      seldom_.push_back(tried);
    }
  }
  changed_.notify_all();
}

void Points::GiveUp() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --running_;
  changed_.notify_all();
}

}  // namespace tokenwarden::crash
