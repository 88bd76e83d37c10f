// One process for each side of a comparison, so that neither takes over the other's allocator
// settings or connections, and both keep theirs from round to round.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

namespace tokenwarden::bench {

struct Cost {  // of one of a round's requests
  double wall_us = 0;
  double cpu_us = 0;
};

// Does so many; throws when one fails. Returns the microseconds that do not count.
using Round = std::function<double(int count)>;

inline double CpuUs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

inline Cost Measure(const Round& round, int count) {
  const double cpu = CpuUs();
  const auto started = std::chrono::steady_clock::now();
  const double aside = round(count);
  const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - started;
  return Cost{(wall.count() - aside) / count, (CpuUs() - cpu) / count};
}

// Runs rounds in a child as they are ordered through a pipe.
class Side {
 public:
  explicit Side(const std::function<Round()>& make) {
    if (pipe(orders_) != 0 || pipe(costs_) != 0) throw std::runtime_error("no pipe");
    child_ = fork();
    if (child_ < 0) throw std::runtime_error("no process");
    if (child_ != 0) {
      close(orders_[0]);
      close(costs_[1]);
      return;
    }
    close(orders_[1]);
    close(costs_[0]);
    _exit(Serve(make));
  }
  ~Side() {
    close(orders_[1]);
    close(costs_[0]);
    waitpid(child_, nullptr, 0);
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  Cost Run(int count) {
    Cost cost;
    if (write(orders_[1], &count, sizeof count) != sizeof count ||
        read(costs_[0], &cost, sizeof cost) != sizeof cost) {
      throw std::runtime_error("a round failed; its reason is above");
    }
    return cost;
  }

 private:
  int Serve(const std::function<Round()>& make) {
    try {
      const Round round = make();
      int count = 0;
      while (read(orders_[0], &count, sizeof count) == sizeof count) {
        const Cost cost = Measure(round, count);
        if (write(costs_[1], &cost, sizeof cost) != sizeof cost) return 1;
      }
      return 0;
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "bench: %s\n", problem.what());
      return 1;
    }
  }

  int orders_[2] = {-1, -1};
  int costs_[2] = {-1, -1};
  pid_t child_ = -1;
};

inline std::string Required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

}  // namespace tokenwarden::bench
