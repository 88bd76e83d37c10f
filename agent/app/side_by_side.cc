#include "agent/app/side_by_side.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace tokenwarden {
namespace {

// Which tasks have ended on their threads, in that order.
class Ended {
 public:
  void Put(std::size_t task) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_.push_back(task);
    changed_.notify_one();
  }
  std::size_t Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !ended_.empty(); });
    const std::size_t task = ended_.front();
    ended_.pop_front();
    return task;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> ended_;
};

}  // namespace

void RunSideBySide(const std::vector<SideTask>& tasks,
                   const std::function<void(std::size_t)>& ended) {
  Ended apart;  // outlives the threads
  std::vector<std::jthread> threads;
  std::vector<std::size_t> here;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!tasks[i].waits || tasks.size() == 1) {
      here.push_back(i);
      continue;
    }
    try {
      threads.emplace_back([&apart, &tasks, i] {
        tasks[i].run();
        apart.Put(i);
      });
    } catch (const std::system_error&) {
      here.push_back(i);  // no more threads for us: slower, and done all the same
    }
  }
  for (const std::size_t i : here) {
    tasks[i].run();
    ended(i);
  }
  for (std::size_t left = threads.size(); left > 0; --left) ended(apart.Take());
}

}  // namespace tokenwarden
