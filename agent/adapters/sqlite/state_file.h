// What must be true of the state file, its directory and its companions before SQLite may touch
// them.
//
// SQLite's own locks are lost when any descriptor of the file is closed, so the file is only opened
// here before SQLite has it, and never by two stores of one process at once: StateLock sees to
// that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/core/result.h"

namespace tokenwarden::sqlite {

// Held while a store is open. A lock on `PATH.lock` with the holder's process id and host in it: a
// lock and not a marker file, so nothing is left to clean up after a crash. SQLite's own lock
// cannot be used for this: it would keep the sqlite3 tool from reading the state of a running
// agent.
class StateLock {
 public:
  // kFailedPrecondition `in_use` names the holder.
  static Result<std::unique_ptr<StateLock>> Take(const std::string& state_path);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

// Makes the directory, for us alone, when nothing above it is missing. kNotFound `no_directory`,
// with the command that makes it; kPermissionDenied `directory_open`, `read_only`.
Status CheckDirectory(const std::string& state_path);

// kFailedPrecondition `ephemeral_state`: what is stored there is gone with the process, the
// container or the machine's power.
Status CheckLifetime(const std::string& state_path);
// The name of a file system that keeps nothing, by its number; nullptr for every other.
const char* EphemeralFileSystem(std::uint64_t number);

// False: there is no state yet. Errors: kPermissionDenied `state_readable` (others may read it),
// `read_only`; kFailedPrecondition `not_ours`; kDataLoss `empty_state`, `lost_state` (a log without
// its file).
Result<bool> CheckFile(const std::string& state_path, std::int32_t application_id);

// Makes the file complete or not at all: `fill` works on a file beside it, which is then renamed.
// So a crash never leaves an empty state that a later start could take for a fresh one.
Status CreateFile(const std::string& state_path,
                  const std::function<Status(const std::string& path)>& fill);

}  // namespace tokenwarden::sqlite
