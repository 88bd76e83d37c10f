#include "agent/adapters/system/file_watcher.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace tokenwarden::sys {
namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE |
                                  IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                  IN_ONLYDIR | IN_EXCL_UNLINK;

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

tl::unexpected<Error> WatchError(const std::string& directory, int number) {
  const std::string attempted = "cannot watch the directory " + directory + ": ";
  const std::string seen = std::generic_category().message(number);
  if (number == ENOENT || number == ENOTDIR) {
    return MakeError(ErrorKind::kNotFound, "no_such_directory", attempted + "it does not exist",
                     "Check the path in the configuration.");
  }
  if (number == ENOSPC || number == EMFILE || number == ENOMEM) {
    return MakeError(ErrorKind::kResourceExhausted, "no_watches_left", attempted + seen,
                     "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances.");
  }
  if (number == EACCES) {
    return MakeError(ErrorKind::kPermissionDenied, "unreadable", attempted + seen,
                     "Grant the user of this process read access to the directory.");
  }
  return MakeError(ErrorKind::kUnavailable, "no_inotify", attempted + seen,
                   "Changes are still found by looking at intervals.");
}

}  // namespace

InotifyFileWatcher::InotifyFileWatcher(std::string base_dir)
    : InotifyFileWatcher(std::move(base_dir), Options()) {}

InotifyFileWatcher::InotifyFileWatcher(std::string base_dir, Options options)
    : base_dir_(std::move(base_dir)), options_(options) {}

InotifyFileWatcher::~InotifyFileWatcher() {
  Stop();
  if (inotify_ >= 0) ::close(inotify_);
  if (stop_event_ >= 0) ::close(stop_event_);
}

void InotifyFileWatcher::Stop() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    stopped_ = true;
    if (stop_event_ >= 0) ::eventfd_write(stop_event_, 1);
  }
  if (thread_.joinable()) thread_.join();
}

Status InotifyFileWatcher::Watch(const std::string& path, std::function<void()> changed) {
  const bool absolute = base_dir_.empty() || (!path.empty() && path.front() == '/');
  Entry entry{absolute ? path : base_dir_ + "/" + path, std::move(changed), {}};
  const std::lock_guard<std::mutex> guard(mutex_);
  if (Status started = StartLocked(); !started) return started;
  if (Status watched = WatchDirectory(DirectoryOf(entry.path)); !watched) return watched;
  FollowLink(entry.path);
  entry.seen = Look(entry.path);
  entries_.push_back(std::move(entry));
  return {};
}

Status InotifyFileWatcher::StartLocked() {
  if (stopped_) return MakeError(ErrorKind::kAborted, "stopping", "the file watcher was stopped");
  if (thread_.joinable()) return {};
  if (inotify_ < 0) inotify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_ < 0) return WatchError(base_dir_, errno);
  if (stop_event_ < 0) stop_event_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_event_ < 0) return WatchError(base_dir_, errno);
  thread_ = std::thread([this] { Run(); });
  return {};
}

// Watching a directory twice is one watch: the kernel knows it by its inode.
Status InotifyFileWatcher::WatchDirectory(const std::string& directory) {
  if (::inotify_add_watch(inotify_, directory.c_str(), kEvents) >= 0) return {};
  return WatchError(directory, errno);
}

// Best effort: the directory of the path itself is watched in any case.
void InotifyFileWatcher::FollowLink(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return;
  (void)WatchDirectory(DirectoryOf(real));
  ::free(real);
}

InotifyFileWatcher::Signature InotifyFileWatcher::Look(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  Signature seen;
  seen.exists = true;
  seen.device = status.st_dev;
  seen.inode = status.st_ino;
  seen.size = static_cast<std::uint64_t>(status.st_size);
  seen.mode = status.st_mode;
  seen.owner = status.st_uid;
  seen.group = status.st_gid;
  seen.modified_seconds = status.st_mtim.tv_sec;
  seen.modified_nanos = status.st_mtim.tv_nsec;
  seen.changed_seconds = status.st_ctim.tv_sec;
  seen.changed_nanos = status.st_ctim.tv_nsec;
  return seen;
}

void InotifyFileWatcher::Run() {
  using std::chrono::steady_clock;
  std::optional<steady_clock::time_point> look_at;
  for (;;) {
    int wait = -1;
    if (look_at) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*look_at - steady_clock::now());
      wait = left.count() > 0 ? static_cast<int>(left.count()) : 0;
    }
    pollfd ready[] = {{inotify_, POLLIN, 0}, {stop_event_, POLLIN, 0}};
    if (::poll(ready, 2, wait) < 0 && errno != EINTR) return;
    if (ready[1].revents != 0) return;
    if (ready[0].revents != 0) {
      DrainEvents();
      if (!look_at) look_at = steady_clock::now() + options_.debounce;
    }
    if (look_at && steady_clock::now() >= *look_at) {
      look_at.reset();
      TellChanged();
    }
  }
}

// What the events say does not matter: the files are looked at. An overflowing queue loses nothing.
void InotifyFileWatcher::DrainEvents() {
  alignas(inotify_event) char events[4096];
  while (::read(inotify_, events, sizeof events) > 0) {
  }
}

void InotifyFileWatcher::TellChanged() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (Entry& entry : entries_) {
      // A directory that was replaced, or a link that points elsewhere now, needs a new watch.
      // Before the look, so that nothing between the two is missed.
      (void)WatchDirectory(DirectoryOf(entry.path));
      FollowLink(entry.path);
      const Signature now = Look(entry.path);
      if (now == entry.seen) continue;
      entry.seen = now;
      calls.push_back(entry.changed);
    }
  }
  for (const auto& call : calls) call();
}

}  // namespace tokenwarden::sys
