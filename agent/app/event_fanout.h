// EventFanout: one listener for many. Listeners outlive it. Thread-safe.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <vector>

#include "agent/ports/event_listener.h"

namespace tokenwarden {

class EventFanout : public EventListener {
 public:
  void Add(EventListener& listener) {
    std::unique_lock<std::shared_mutex> lock(mutex_);
    listeners_.push_back(&listener);
  }
  void On(const Event& event) noexcept override {
    std::shared_lock<std::shared_mutex> lock(mutex_);
    for (EventListener* listener : listeners_) listener->On(event);
  }

 private:
  std::shared_mutex mutex_;
  std::vector<EventListener*> listeners_;
};

}  // namespace tokenwarden
