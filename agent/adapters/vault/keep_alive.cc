#include "agent/adapters/vault/keep_alive.h"

#include <algorithm>

namespace tokenwarden::vault {
namespace {

// A login is made by whoever needs it first: until then there is nothing to keep alive, and this is
// how soon one is noticed.
constexpr Seconds kLookAgain{60};

}  // namespace

KeepAlive::~KeepAlive() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeepAlive::Add(Session& session) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sessions_.push_back(&session);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

Instant KeepAlive::Soonest() {
  const auto now = clock_.SteadyNow();
  Seconds wait = kLookAgain;
  for (const Session* session : sessions_) {
    const auto care = session->NextCare();
    if (!care) continue;
    const auto left = std::chrono::ceil<Seconds>(*care - now);
    wait = std::min(wait, std::max(left, Seconds{1}));
  }
  return clock_.Now() + wait;
}

void KeepAlive::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    clock_.WaitUntil(lock, changed_, Soonest(), [this] { return stopping_; });
    const std::vector<Session*> sessions = sessions_;
    const bool ends = stopping_;
    lock.unlock();
    const auto now = clock_.SteadyNow();
    for (Session* session : sessions) {
      const auto care = session->NextCare();
      if (!ends && care && now >= *care) session->Care();
    }
    lock.lock();
  }
}

}  // namespace tokenwarden::vault
