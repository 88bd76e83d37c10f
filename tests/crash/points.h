// Points: which points were tried and which are still to be. Thread-safe.
//
// The list closes over itself: every run tells the points that it passed, and those that are new
// are tried as well. So a call that happens in some runs only is met as soon as one run shows it.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tokenwarden::crash {

class Points {
 public:
  // The next point to try; waits while other workers may still find some. nullopt: all are done.
  std::optional<std::string> Next();
  // Of a run that tried `tried` (empty: none): was it reached, and what the run passed.
  void Done(const std::string& tried, bool reached, const std::vector<std::string>& passed);
  // A worker cannot go on: nobody waits for it.
  void GiveUp();

  int reached() const { return reached_; }
  // Seen once, and not again in several tries: what other threads happened to do.
  const std::vector<std::string>& seldom() const { return seldom_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::map<std::string, int> tries_;  // of every point that is known
  int running_ = 0;
  int reached_ = 0;
  std::vector<std::string> seldom_;
};

}  // namespace tokenwarden::crash
