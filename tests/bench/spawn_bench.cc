// How long a program takes from start to exit, against another one, in interleaved runs.
//
//   spawn_bench NAME PEER_NAME LIMIT RUNS EXPECTED_EXIT_CODE STDIN_FILE COMMAND... --
//   PEER_COMMAND...
//
// Prints two rows (row.h): NAME, the wall clock, which LIMIT bounds, and NAME_cpu. An unexpected
// exit code ends it with 1: a program that fails early must not look fast.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/row.h"

extern char** environ;

namespace tokenwarden::bench {
namespace {

constexpr int kWarmUps = 3;

struct Command {
  std::vector<char*> argv;  // ends with a null
  int expected_exit_code = 0;
};

struct Cost {
  double wall_ms = 0;
  double cpu_ms = 0;
};

double NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double Ms(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

// Standard input from a file, both outputs to nowhere: a terminal would be measured too.
class Redirections {
 public:
  explicit Redirections(const char* stdin_file) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, stdin_file, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, 2, "/dev/null", O_WRONLY, 0);
  }
  ~Redirections() { posix_spawn_file_actions_destroy(&actions_); }
  Redirections(const Redirections&) = delete;
  Redirections& operator=(const Redirections&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

Cost RunOnce(const Command& command, const Redirections& redirections) {
  const double started = NowMs();
  pid_t child = 0;
  const int problem = posix_spawn(&child, command.argv[0], redirections.get(), nullptr,
                                  command.argv.data(), environ);
  if (problem != 0) {
    throw std::runtime_error(std::string("cannot start ") + command.argv[0] + ": " +
                             std::strerror(problem));
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  const Cost cost{NowMs() - started, Ms(usage.ru_utime) + Ms(usage.ru_stime)};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != command.expected_exit_code) {
    throw std::runtime_error(std::string(command.argv[0]) + " ended with status " +
                             std::to_string(status) + " instead of exit code " +
                             std::to_string(command.expected_exit_code));
  }
  return cost;
}

void Compare(const Command& ours, const Command& peer, int runs, char** names,
             const Redirections& redirections) {
  Series wall;
  Series cpu;
  for (int run = -kWarmUps; run < runs; ++run) {
    const Cost our_cost = RunOnce(ours, redirections);
    const Cost peer_cost = RunOnce(peer, redirections);
    if (run < 0) continue;
    wall.ours.push_back(our_cost.wall_ms);
    wall.peer.push_back(peer_cost.wall_ms);
    cpu.ours.push_back(our_cost.cpu_ms);
    cpu.peer.push_back(peer_cost.cpu_ms);
  }
  const std::string name = names[0];
  PrintRow(name, "ms", names[1], names[2], wall);
  PrintRow(name + "_cpu", "ms", names[1], "", cpu);
}

int Main(int argc, char** argv) {
  constexpr int kFirstCommand = 7;
  Command ours;
  Command peer;
  Command* current = &ours;
  for (int i = kFirstCommand; i < argc; ++i) {
    if (current == &ours && std::strcmp(argv[i], "--") == 0) {
      current = &peer;
    } else {
      current->argv.push_back(argv[i]);
    }
  }
  if (ours.argv.empty() || peer.argv.empty()) {
    std::fprintf(stderr,
                 "usage: spawn_bench NAME PEER_NAME LIMIT RUNS EXPECTED_EXIT_CODE STDIN_FILE "
                 "COMMAND... -- PEER_COMMAND...\n");
    return 2;
  }
  ours.argv.push_back(nullptr);
  peer.argv.push_back(nullptr);
  ours.expected_exit_code = std::atoi(argv[5]);
  Compare(ours, peer, Count(argv[4]), argv + 1, Redirections(argv[6]));
  return 0;
}

}  // namespace
}  // namespace tokenwarden::bench

int main(int argc, char** argv) {
  try {
    return tokenwarden::bench::Main(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "spawn_bench: %s\n", problem.what());
    return 1;
  }
}
