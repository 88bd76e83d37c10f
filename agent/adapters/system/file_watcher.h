// InotifyFileWatcher: notices that a watched file has another content, by inotify(7).
//
// A watch on a file dies when the file is replaced, so directories are watched: the one that holds
// the path and, where the path is a link, the one that holds its target. That covers editors, our
// own renames and the way kubelet updates mounted Secrets (a swapped `..data` link). Bind mounts of
// a single file and network file systems send no events: callers look again by interval as well.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/ports/places.h"

namespace tokenwarden::sys {

// Thread-safe. One thread, started with the first watch; it sleeps without a timer while nothing
// changes.
class InotifyFileWatcher : public FileWatcher {
 public:
  struct Options {
    std::chrono::milliseconds debounce{200};  // from the first event of a burst to the look
  };

  // Relative paths start at `base_dir` (empty: the working directory).
  explicit InotifyFileWatcher(std::string base_dir = "");
  InotifyFileWatcher(std::string base_dir, Options options);
  InotifyFileWatcher(const InotifyFileWatcher&) = delete;
  ~InotifyFileWatcher() override;  // as Stop()

  // `changed` runs on the watcher's thread when the path was created, removed, replaced, written,
  // or given other rights; it should be quick and must not call Stop. The file may be missing, its
  // directory not: kNotFound `no_such_directory`; kResourceExhausted `no_watches_left`;
  // kUnavailable `no_inotify`.
  Status Watch(const std::string& path, std::function<void()> changed) override;

  // No callback runs after it has returned. Watches made later are refused (kAborted `stopping`).
  void Stop();

 private:
  // What distinguishes one content of a path from the next.
  struct Signature {
    bool exists = false;
    std::uint64_t device = 0, inode = 0, size = 0, mode = 0, owner = 0, group = 0;
    std::int64_t modified_seconds = 0, modified_nanos = 0, changed_seconds = 0, changed_nanos = 0;

    bool operator==(const Signature&) const = default;
  };
  struct Entry {
    std::string path;
    std::function<void()> changed;
    Signature seen;
  };

  static Signature Look(const std::string& path);
  Status WatchDirectory(const std::string& directory);
  Status StartLocked();
  void FollowLink(const std::string& path);
  void Run();
  void DrainEvents();
  void TellChanged();

  const std::string base_dir_;
  const Options options_;
  int stop_event_ = -1;
  int inotify_ = -1;
  std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
  bool stopped_ = false;        // guarded by mutex_
  std::thread thread_;
};

}  // namespace tokenwarden::sys
