// NodeProcess: what the node's kernel knows of a process in a pod. The processes of pods are seen
// from the node, where a test runs.
#pragma once

#include <sys/types.h>

#include <string>

namespace tokenwarden::it {

// Seconds since 1970.
double WallClock();

class AgentProcess {
 public:
  // The agent in the pod of that name. Throws when there is none.
  explicit AgentProcess(const std::string& pod);
  pid_t pid() const { return pid_; }
  bool IsAlive() const;
  void Signal(int number) const;
  // Proportional set size, in KiB: its own pages, and its share of those it shares.
  long PssKib() const;
  // Of the agent, and of the first process of its pod, in seconds since 1970; exact to 10 ms.
  double StartedAt() const;
  double PodStartedAt() const;

 private:
  pid_t pid_ = -1;
};

}  // namespace tokenwarden::it
