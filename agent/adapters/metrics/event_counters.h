// EventCounters: what is counted since the process started, from events. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "agent/adapters/metrics/sink_counters.h"
#include "agent/ports/clock.h"
#include "agent/ports/event_listener.h"

namespace tokenwarden::metrics {

struct BuildInfo;

class EventCounters {
 public:
  EventCounters(const Clock& clock, const BuildInfo& build);
  ~EventCounters();

  void On(const Event& event);
  // The families of the registry as text.
  std::string Serialize() const;
  // A copy is taken under the lock.
  SinkCounters sinks() const;
  std::uint64_t sinks_version() const;

 private:
  struct Families;

  std::string_view Bounded(std::string_view label, std::string_view value);
  void OnRefresh(const Event& event);
  void OnInspected(const Event& event);
  void OnReplied(const Event& event);
  void OnPublish(const Event& event);
  void OnNotify(const Event& event);
  void ObserveRefreshDuration(const Event& event);

  const Clock& clock_;
  std::unique_ptr<Families> families_;
  mutable std::mutex mutex_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> words_;
  std::map<std::string, std::chrono::steady_clock::time_point> refresh_began_;  // by credential
  SinkCounters sinks_;
};

}  // namespace tokenwarden::metrics
