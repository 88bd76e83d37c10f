// OwnWrites: tells a watch which changes of a Secret are our own, so that a publish does not look
// like somebody else's hand. The watch may hear of a write before its reply has arrived here: such
// news waits until the write is over.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/kubernetes/resource.h"

namespace tokenwarden::kubernetes {

// Thread-safe.
class OwnWrites {
 public:
  // One write, from before its request until its reply.
  class Scope {
   public:
    Scope(OwnWrites& home, ObjectName secret);
    ~Scope();  // what waited and was not ours is told
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    // It led to this version.
    void Done(const std::string& resource_version);

   private:
    OwnWrites& home_;
    const ObjectName secret_;
  };

  // The Secret has this version now: calls `changed`, on this thread or another, unless it was us.
  void Heard(const ObjectName& secret, const std::string& resource_version,
             const std::function<void()>& changed);

 private:
  struct State {
    int writing = 0;
    std::deque<std::string> ours;  // newest last; few, since watches are seldom far behind
    std::vector<std::pair<std::string, std::function<void()>>> waiting;
  };

  std::mutex mutex_;
  std::map<ObjectName, State> states_;
};

}  // namespace tokenwarden::kubernetes
