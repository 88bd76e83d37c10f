#include "tests/e2e/node/node_process.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace tokenwarden::it {
namespace {

namespace fs = std::filesystem;

// Empty when the process has gone.
std::string ReadOf(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void ForEachProcess(const std::function<void(pid_t)>& look) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) look(std::stoi(name));
  }
}

double SecondsOn(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Field 22 of stat(5), counted from behind the name, which may hold anything.
double StartOf(pid_t pid) {
  const std::string stat = ReadOf(pid, "stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;
  const double since_boot = std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return WallClock() - SecondsOn(CLOCK_BOOTTIME) + since_boot;
}

// `pod<UID>`: the part of its cgroup's path that all processes of a pod have.
std::string PodOf(pid_t pid) {
  const std::string groups = ReadOf(pid, "cgroup");
  const std::size_t at = groups.find("/pod");
  return at == std::string::npos ? "" : groups.substr(at, groups.find('/', at + 1) - at);
}

}  // namespace

double WallClock() { return SecondsOn(CLOCK_REALTIME); }

AgentProcess::AgentProcess(const std::string& pod) {
  const std::string name = "POD_NAME=" + pod;
  ForEachProcess([&](pid_t pid) {
    if (ReadOf(pid, "comm") != "tokenwarden-age\n") return;
    const std::string environment = '\0' + ReadOf(pid, "environ");
    if (environment.find('\0' + name + '\0') != std::string::npos) pid_ = pid;
  });
  if (pid_ < 0) throw std::runtime_error("no agent runs in the pod " + pod);
}

bool AgentProcess::IsAlive() const { return kill(pid_, 0) == 0; }

void AgentProcess::Signal(int number) const { kill(pid_, number); }

long AgentProcess::PssKib() const {
  const std::string rollup = ReadOf(pid_, "smaps_rollup");
  const std::size_t at = rollup.find("\nPss:");
  if (at == std::string::npos) throw std::runtime_error("there is no smaps_rollup of the agent");
  return std::stol(rollup.substr(at + 5));
}

double AgentProcess::StartedAt() const { return StartOf(pid_); }

double AgentProcess::PodStartedAt() const {
  const std::string pod = PodOf(pid_);
  double first = StartedAt();
  ForEachProcess([&](pid_t pid) {
    if (PodOf(pid) == pod) first = std::min(first, StartOf(pid));
  });
  return first;
}

}  // namespace tokenwarden::it
