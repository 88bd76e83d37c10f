#include "agent/adapters/crypto/key_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace tokenwarden::crypto {

ErrorKind KindOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::kResourceExhausted;
    default:
      return ErrorKind::kUnavailable;
  }
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool SyncDirectoryOf(const std::string& path) {
  const int directory = open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) close(directory);
  errno = error;
  return synced;
}

}  // namespace tokenwarden::crypto
