#include "agent/adapters/kubernetes/own_writes.h"

#include <algorithm>
#include <cstddef>

namespace tokenwarden::kubernetes {
namespace {

constexpr std::size_t kRemembered = 8;

bool Contains(const std::deque<std::string>& versions, const std::string& version) {
  return std::find(versions.begin(), versions.end(), version) != versions.end();
}

}  // namespace

OwnWrites::Scope::Scope(OwnWrites& home, ObjectName secret)
    : home_(home), secret_(std::move(secret)) {
  const std::lock_guard<std::mutex> lock(home_.mutex_);
  ++home_.states_[secret_].writing;
}

void OwnWrites::Scope::Done(const std::string& resource_version) {
  const std::lock_guard<std::mutex> lock(home_.mutex_);
  std::deque<std::string>& ours = home_.states_[secret_].ours;
  ours.push_back(resource_version);
  if (ours.size() > kRemembered) ours.pop_front();
}

OwnWrites::Scope::~Scope() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard<std::mutex> lock(home_.mutex_);
    State& state = home_.states_[secret_];
    if (--state.writing > 0) return;
    for (auto& [version, changed] : state.waiting) {
      if (!Contains(state.ours, version)) calls.push_back(std::move(changed));
    }
    state.waiting.clear();
  }
  for (const auto& call : calls) call();
}

void OwnWrites::Heard(const ObjectName& secret, const std::string& resource_version,
                      const std::function<void()>& changed) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    State& state = states_[secret];
    if (Contains(state.ours, resource_version)) return;
    if (state.writing > 0) {
      state.waiting.emplace_back(resource_version, changed);
      return;
    }
  }
  changed();
}

}  // namespace tokenwarden::kubernetes
