#include "agent/adapters/metrics/process_stats.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace tokenwarden::metrics {
namespace {

double TicksPerSecond() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

std::optional<double> BootTime() {
  std::ifstream stat("/proc/stat");
  for (std::string word; stat >> word;) {
    double seconds = 0;
    if (word == "btime" && stat >> seconds) return seconds;
  }
  return std::nullopt;
}

// Fields after the program's name, which may itself hold blanks and brackets; the first is
// number 3.
void ReadStat(ProcessStats& stats) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(line.substr(name_end + 1));
  std::string word;
  std::uint64_t user = 0, system = 0, start = 0, size = 0, pages = 0;
  for (int number = 3; number <= 24 && fields >> word; ++number) {
    if (number == 14) user = std::stoull(word);
    if (number == 15) system = std::stoull(word);
    if (number == 22) start = std::stoull(word);
    if (number == 23) size = std::stoull(word);
    if (number == 24) pages = std::stoull(word);
  }
  if (pages == 0) return;
  stats.cpu_seconds = static_cast<double>(user + system) / TicksPerSecond();
  stats.virtual_bytes = size;
  stats.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (const auto boot = BootTime()) {
    stats.start_time_seconds = *boot + static_cast<double>(start) / TicksPerSecond();
  }
}

std::optional<std::uint64_t> CountOpenFds() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), &closedir);
  if (directory == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count - 1;  // the directory itself
}

}  // namespace

ProcessStats ReadProcessStats() {
  ProcessStats stats;
  ReadStat(stats);
  stats.open_fds = CountOpenFds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    stats.max_fds = limit.rlim_cur;
  }
  return stats;
}

}  // namespace tokenwarden::metrics
