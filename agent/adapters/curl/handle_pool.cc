#include "agent/adapters/curl/handle_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tokenwarden::curl {

// Handles are closed after the lock is released: closing says goodbye over TLS.
Handle HandlePool::Take(const std::string& origin, TimePoint now) {
  std::vector<Idle> stale;
  Handle taken;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto fresh = std::find_if(idle_.begin(), idle_.end(),
                                    [&](const Idle& idle) { return now - idle.since < idle_age_; });
    std::move(idle_.begin(), fresh, std::back_inserter(stale));
    idle_.erase(idle_.begin(), fresh);
    const auto last = std::find_if(idle_.rbegin(), idle_.rend(),
                                   [&](const Idle& idle) { return idle.origin == origin; });
    if (last != idle_.rend()) {
      taken = std::move(last->handle);
      idle_.erase(std::next(last).base());
    }
  }
  if (!taken) taken.reset(curl_easy_init());
  return taken;
}

void HandlePool::Return(const std::string& origin, Handle handle, TimePoint now) {
  Idle crowded_out;  // declared before the lock, closed after it
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(Idle{origin, std::move(handle), now});
  if (idle_.size() > idle_limit_) {
    crowded_out = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }
}

}  // namespace tokenwarden::curl
