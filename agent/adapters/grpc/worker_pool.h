// WorkerPool: runs jobs that may block, on threads that start when they are needed.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tokenwarden::grpc_adapter {

// Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::size_t max_threads, std::size_t max_waiting)
      : max_threads_(max_threads), max_waiting_(max_waiting) {}
  ~WorkerPool() { Stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when too many jobs wait already, or after Stop().
  bool Run(std::function<void()> job);
  // Forgets waiting jobs and waits for the running ones. Idempotent.
  void Stop();

 private:
  void Work();

  const std::size_t max_threads_;
  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace tokenwarden::grpc_adapter
