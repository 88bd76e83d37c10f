// DirectoryLock: one writer at a time in one directory, in this process and among all on this
// machine.
//
// The lock is flock(2) on the directory itself. A lock file would have to be left behind (deleting
// one is a race), and a lock on the target dies with it, because every write replaces the target by
// a new file. It ends with the process, so a crash leaves nothing to clean. It is never waited for
// across processes: another writer is done in milliseconds, and a stopped one must not stop us.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "agent/adapters/files/file_system.h"
#include "agent/core/result.h"

namespace tokenwarden::files {

// What this process knows about one directory. `unsynced`: names that were replaced but whose
// directory could not be flushed, so that finding the right content there proves nothing about the
// disk.
struct DirectoryState {
  std::mutex mutex;
  std::set<std::string> unsynced;  // guarded by `mutex`
};

class DirectoryLock {
 public:
  // Waits for other threads, not for other processes: kAborted `conflict` when one writes there
  // now.
  static Result<DirectoryLock> Take(FileSystem& files, const std::string& directory);

  int fd() const { return descriptor_.get(); }
  // False on file systems that have no locks for directories.
  bool excludes_others() const { return excludes_others_; }
  std::set<std::string>& unsynced() { return state_->unsynced; }

 private:
  DirectoryLock() = default;

  // In this order: the file is closed, which unlocks it, before the next thread gets its turn.
  std::shared_ptr<DirectoryState> state_;
  std::unique_lock<std::mutex> turn_;
  Descriptor descriptor_;
  bool excludes_others_ = true;
};

}  // namespace tokenwarden::files
