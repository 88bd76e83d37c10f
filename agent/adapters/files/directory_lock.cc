#include "agent/adapters/files/directory_lock.h"

#include <fcntl.h>

#include <map>
#include <utility>

#include "agent/adapters/files/file_errors.h"

namespace tokenwarden::files {
namespace {

// One state per directory for the life of the process, found by device and inode whatever the path
// is called. Grows with the number of configured directories only.
std::shared_ptr<DirectoryState> StateOf(const struct stat& status) {
  static std::mutex mutex;
  static std::map<std::pair<dev_t, ino_t>, std::shared_ptr<DirectoryState>> states;
  const std::lock_guard<std::mutex> guard(mutex);
  auto& state = states[{status.st_dev, status.st_ino}];
  if (!state) state = std::make_shared<DirectoryState>();
  return state;
}

// Network file systems may lock files but not directories, or nothing at all.
bool MeansNoLocksHere(int number) {
  return number == EOPNOTSUPP || number == ENOLCK || number == EBADF || number == EINVAL ||
         number == ENOSYS;
}

}  // namespace

Result<DirectoryLock> DirectoryLock::Take(FileSystem& files, const std::string& directory) {
  const std::string attempted = "cannot write in the directory " + directory;
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Descriptor descriptor(
      files, Uninterrupted([&] { return files.OpenAt(AT_FDCWD, directory.c_str(), flags, 0); }));
  if (!descriptor) return SystemError(attempted, errno);
  struct stat status {};
  if (Uninterrupted([&] { return files.Stat(descriptor.get(), &status); }) != 0) {
    return SystemError(attempted, errno);
  }
  DirectoryLock lock;
  lock.state_ = StateOf(status);
  lock.turn_ = std::unique_lock<std::mutex>(lock.state_->mutex);
  lock.descriptor_ = std::move(descriptor);
  if (Uninterrupted([&] { return files.Lock(lock.fd()); }) != 0) {
    if (errno == EWOULDBLOCK) {
      return MakeError(ErrorKind::kAborted, "conflict",
                       attempted + ": another process is writing there now",
                       "It is tried again. If it stays, find who holds the lock with lslocks.");
    }
    if (!MeansNoLocksHere(errno)) return SystemError(attempted, errno);
    lock.excludes_others_ = false;
  }
  return lock;
}

}  // namespace tokenwarden::files
