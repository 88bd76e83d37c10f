#include "agent/adapters/sqlite/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace tokenwarden::sqlite {
namespace {

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

tl::unexpected<Error> SystemError(const std::string& doing, const std::string& path, int error) {
  ErrorKind kind = ErrorKind::kUnavailable;
  std::string reason = "io_error";
  if (error == EACCES || error == EPERM || error == EROFS) {
    kind = ErrorKind::kPermissionDenied;
    reason = "read_only";
  } else if (error == ENOSPC || error == EDQUOT) {
    kind = ErrorKind::kResourceExhausted;
    reason = "disk_full";
  }
  return MakeError(kind, reason, doing + " " + path + " failed: " + std::strerror(error),
                   "check the owner, the mode and the disk of " + DirectoryOf(path));
}

std::string ReadText(int descriptor) {
  std::array<char, 256> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  std::string_view line(text.data(), static_cast<std::size_t>(size));
  return std::string(line.substr(0, line.find('\n')));
}

std::string Myself() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return "process " + std::to_string(getpid()) + " on host " + host.data();
}

bool Exists(const std::string& path) {
  struct stat about {};
  return lstat(path.c_str(), &about) == 0;
}

std::uint32_t BigEndian(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

// Source: SQLite file format, 1.3 (the header is 100 bytes, the application id stands at 68).
Status CheckHeader(const std::string& path, std::int32_t application_id) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::size_t kIdOffset = 68;
  std::array<unsigned char, 100> header{};
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return SystemError("opening the state file", path, errno);
  const ssize_t size = pread(descriptor, header.data(), header.size(), 0);
  const int error = errno;
  close(descriptor);
  if (size < 0) return SystemError("reading the state file", path, error);
  const bool ours =
      size == static_cast<ssize_t>(header.size()) &&
      std::memcmp(header.data(), kMagic.data(), kMagic.size()) == 0 &&
      BigEndian(header.data() + kIdOffset) == static_cast<std::uint32_t>(application_id);
  if (ours) return {};
  return MakeError(ErrorKind::kFailedPrecondition, "not_ours",
                   path + " is not a state file of tokenwarden; it was left as it is",
                   "set state.path to another file, or restore a backup if this was the state");
}

Status SyncDirectory(const std::string& path) {
  const int directory = open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) close(directory);
  if (!synced) return SystemError("syncing the directory of", path, error);
  return {};
}

}  // namespace

Result<std::unique_ptr<StateLock>> StateLock::Take(const std::string& state_path) {
  const std::string path = state_path + ".lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return SystemError("opening the lock file", path, errno);
  std::unique_ptr<StateLock> lock(new StateLock(descriptor));
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return SystemError("locking", path, errno);
    return MakeError(ErrorKind::kFailedPrecondition, "in_use",
                     "the state " + state_path + " is in use by " + ReadText(descriptor),
                     "two agents must not renew the same credentials: stop the other one, or give "
                     "this one its own state.path");
  }
  // Who holds it is a help for people only; a full disk must not keep the agent from starting.
  const std::string text = Myself() + "\n";
  if (ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor, text.data(), text.size(), 0);
  }
  return lock;
}

StateLock::~StateLock() { close(descriptor_); }

Status CheckDirectory(const std::string& state_path) {
  const std::string directory = DirectoryOf(state_path);
  struct stat about {};
  if (stat(directory.c_str(), &about) != 0) {
    if (errno != ENOENT) return SystemError("looking at the directory", directory, errno);
    if (mkdir(directory.c_str(), 0700) == 0) return {};
    if (errno != ENOENT) return SystemError("making the directory", directory, errno);
    return MakeError(ErrorKind::kNotFound, "no_directory",
                     "the directory of the state file, " + directory + ", does not exist",
                     "run: mkdir -p -m 0700 " + directory);
  }
  if (!S_ISDIR(about.st_mode)) {
    return MakeError(ErrorKind::kInvalidArgument, "no_directory", directory + " is not a directory",
                     "set state.path to a file in a directory");
  }
  if ((about.st_mode & S_IWOTH) != 0 && (about.st_mode & S_ISVTX) == 0) {
    return MakeError(
        ErrorKind::kPermissionDenied, "directory_open",
        "every user may replace files in " + directory + ", the directory of the state file",
        "run: chmod 0700 " + directory);
  }
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return SystemError("writing to the directory of the state file,", directory, errno);
  }
  return {};
}

const char* EphemeralFileSystem(std::uint64_t number) {
  struct Row {
    std::uint64_t number;
    const char* name;
  };
  // Source: statfs(2). The upper layer of a container's overlay is removed with the container.
  constexpr Row kRows[] = {{0x01021994, "tmpfs"}, {0x858458f6, "ramfs"}, {0x794c7630, "overlay"}};
  for (const Row& row : kRows) {
    if (row.number == number) return row.name;
  }
  return nullptr;
}

Status CheckLifetime(const std::string& state_path) {
  const std::string directory = DirectoryOf(state_path);
  struct statfs about {};
  if (statfs(directory.c_str(), &about) != 0) {
    return SystemError("looking at the file system of", directory, errno);
  }
  // f_type is signed on some systems: the number has 32 bits.
  const char* name = EphemeralFileSystem(static_cast<std::uint32_t>(about.f_type));
  if (name == nullptr) return {};
  return MakeError(
      ErrorKind::kFailedPrecondition, "ephemeral_state",
      "the directory of the state file, " + directory + ", is on " + name +
          ", which does not outlive the process, the container or a reboot: a token that was "
          "renewed and not yet published would be lost with it",
      "set state.path to a file on a disk or a persistent volume; or, if every token can be made "
      "again by other means, say why in state.allow_ephemeral_state");
}

Result<bool> CheckFile(const std::string& state_path, std::int32_t application_id) {
  struct stat about {};
  if (lstat(state_path.c_str(), &about) != 0) {
    if (errno != ENOENT) return SystemError("looking at the state file", state_path, errno);
    if (!Exists(state_path + "-wal")) return false;
    return MakeError(
        ErrorKind::kDataLoss, "lost_state",
        state_path + " is missing, but its log " + state_path + "-wal is there",
        "the log may hold the newest values: restore the state file beside it, or move "
        "the log away to start with an empty state");
  }
  if (!S_ISREG(about.st_mode)) {
    return MakeError(ErrorKind::kInvalidArgument, "not_ours",
                     state_path + " is not a regular file (links are not followed)",
                     "set state.path to the file itself");
  }
  if ((about.st_mode & 077) != 0) {
    return MakeError(ErrorKind::kPermissionDenied, "state_readable",
                     "other users may read or write the state file " + state_path,
                     "run: chmod 0600 " + state_path);
  }
  if (access(state_path.c_str(), R_OK | W_OK) != 0) {
    return SystemError("opening the state file for reading and writing,", state_path, errno);
  }
  if (about.st_size == 0) {
    return MakeError(ErrorKind::kDataLoss, "empty_state",
                     "the state file " + state_path + " is empty, which it never is by itself",
                     "restore a backup, or remove the file to start with an empty state");
  }
  Status header = CheckHeader(state_path, application_id);
  if (!header) return tl::unexpected<Error>(header.error());
  return true;
}

Status CreateFile(const std::string& state_path,
                  const std::function<Status(const std::string& path)>& fill) {
  const std::string path = state_path + ".new";
  const std::string journal = path + "-journal";
  unlink(journal.c_str());
  unlink(path.c_str());  // of a start that was interrupted
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return SystemError("creating", path, errno);
  close(descriptor);
  Status filled = fill(path);
  if (!filled) {
    unlink(journal.c_str());
    unlink(path.c_str());
    return filled;
  }
  if (rename(path.c_str(), state_path.c_str()) != 0) {
    return SystemError("renaming the new state file to", state_path, errno);
  }
  return SyncDirectory(state_path);
}

}  // namespace tokenwarden::sqlite
