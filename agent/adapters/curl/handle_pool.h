// HandlePool: libcurl handles with their live connections, reused per origin. Thread-safe.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tokenwarden::curl {

struct HandleCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleCloser>;

class HandlePool {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  HandlePool(std::size_t idle_limit, std::chrono::seconds idle_age)
      : idle_limit_(idle_limit), idle_age_(idle_age) {}

  // The handle used last for that origin, or a new one; closes every handle that idled too long.
  // Null only when memory ran out.
  Handle Take(const std::string& origin, TimePoint now);
  // Keeps the handle; above the limit the one that idled longest is closed.
  void Return(const std::string& origin, Handle handle, TimePoint now);

 private:
  struct Idle {
    std::string origin;
    Handle handle;
    TimePoint since;
  };

  const std::size_t idle_limit_;
  const std::chrono::seconds idle_age_;
  std::mutex mutex_;
  std::vector<Idle> idle_;  // oldest first
};

}  // namespace tokenwarden::curl
