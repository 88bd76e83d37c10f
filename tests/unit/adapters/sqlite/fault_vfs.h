// A file system layer for SQLite over the real one: every write, sync, truncation and growth can be
// made to fail, and the disk can be given a size. Registered once per process under kFaultVfs; not
// thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>

namespace tokenwarden::sqlite {

inline constexpr char kFaultVfs[] = "tokenwarden-faults";

struct Faults {
  int operations = 0;  // seen since the last Reset
  // From this operation on (from 1) ...
  std::optional<int> fail_at;
  int fail_times = 1;             // ... so many of them fail ...
  int code = SQLITE_IOERR_WRITE;  // ... with this code; 0 = the code that fits the operation
  bool only_syncs = false;        // count and fail syncs alone
  std::optional<int> die_at;      // the process is killed right before this operation
  // What the disk can still take; files that shrink or go give nothing back.
  std::optional<std::int64_t> free_bytes;

  void Reset() { *this = Faults{}; }
};
Faults& TheFaults();
void RegisterFaultVfs();

}  // namespace tokenwarden::sqlite
