#include "agent/adapters/vault/keep_alive.h"

#include <algorithm>

namespace tokenwarden::vault {

KeepAlive::~KeepAlive() { Stop(); }

void KeepAlive::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeepAlive::Add(Session& session) {
  session.OnCareChanged([this] { Stir(); });
  const std::lock_guard<std::mutex> lock(mutex_);
  sessions_.push_back(&session);
  stirred_ = true;
  changed_.notify_all();
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void KeepAlive::Stir() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stirred_ = true;
  changed_.notify_all();
}

Instant KeepAlive::CareForAll(const std::vector<Session*>& sessions) {
  Instant next = Clock::kForever;
  for (Session* session : sessions) {
    session->Care();
    const auto care = session->NextCare();
    if (!care) continue;
    const auto left = std::chrono::ceil<Seconds>(*care - clock_.SteadyNow());
    next = std::min(next, clock_.Now() + std::max(left, Seconds(1)));
  }
  return next;
}

void KeepAlive::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    stirred_ = false;
    const std::vector<Session*> sessions = sessions_;
    lock.unlock();
    const Instant next = CareForAll(sessions);
    lock.lock();
    clock_.WaitUntil(lock, changed_, next, [this] { return stopping_ || stirred_; });
  }
}

}  // namespace tokenwarden::vault
