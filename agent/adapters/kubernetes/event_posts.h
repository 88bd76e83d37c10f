// EventPosts: transitions of credentials as Events of events.k8s.io/v1.
//
// What is news to an operator, not every attempt: a failure is recorded once until its reason
// changes or it is over. Regarding the Secret that a sink writes, else our own pod; without either
// nothing is recorded. Source of the rules for Events: kubernetes
// pkg/apis/core/validation/events.go.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "agent/adapters/kubernetes/client.h"

namespace tokenwarden::kubernetes {

// Thread-safe. One thread, started with the first Event.
class EventPosts : public EventRecorder {
 public:
  // `pod` is ours, unnamed when we run in none; `log` may be null.
  EventPosts(Client& client, ObjectName pod, std::string pod_uid, EventListener* log);
  ~EventPosts() override;

  void On(const Event& event) noexcept override;
  void Stop() override;

 private:
  struct Post {
    std::string name_space;
    Json body;
  };

  void Record(const Event& event);
  bool IsNews(const Event& event, const std::string& note);
  bool TakePermit();
  void Run();
  void TurnOff(const Error& error);

  Client& client_;
  const ObjectName pod_;
  const std::string pod_uid_;
  EventListener* const log_;
  const std::string name_start_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Post> queue_;                      // guarded by mutex_, like all below
  std::map<std::string, std::string> failing_;  // what to whom, and why
  std::uint64_t posted_ = 0;
  int permits_;
  Instant permits_since_;
  bool off_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace tokenwarden::kubernetes
