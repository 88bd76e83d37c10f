// ProcessStats: what the kernel knows about this process. Absent where it does not say.
#pragma once

#include <cstdint>
#include <optional>

namespace tokenwarden::metrics {

struct ProcessStats {
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;
  std::optional<double> start_time_seconds;  // Unix
};

// Reads /proc (proc(5)).
ProcessStats ReadProcessStats();

}  // namespace tokenwarden::metrics
