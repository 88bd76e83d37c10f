#include "agent/adapters/files/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace tokenwarden::files {

int FileSystem::OpenAt(int directory, const char* path, int flags, mode_t mode) {
  return ::openat(directory, path, flags, mode);
}
int FileSystem::Close(int fd) { return ::close(fd); }
ssize_t FileSystem::Read(int fd, char* to, std::size_t size) { return ::read(fd, to, size); }
ssize_t FileSystem::Write(int fd, const char* from, std::size_t size) {
  return ::write(fd, from, size);
}
int FileSystem::Stat(int fd, struct stat* status) { return ::fstat(fd, status); }
int FileSystem::LinkStat(const char* path, struct stat* status) { return ::lstat(path, status); }

int FileSystem::RealPath(const char* path, std::string* real) {
  char* found = ::realpath(path, nullptr);
  if (found == nullptr) return -1;
  *real = found;
  ::free(found);
  return 0;
}

int FileSystem::ChangeMode(int fd, mode_t mode) { return ::fchmod(fd, mode); }
int FileSystem::ChangeOwner(int fd, uid_t owner, gid_t group) { return ::fchown(fd, owner, group); }
int FileSystem::Sync(int fd) { return ::fsync(fd); }
int FileSystem::Lock(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB); }
int FileSystem::RenameAt(int directory, const char* from, const char* to) {
  return ::renameat(directory, from, directory, to);
}
int FileSystem::RenameNewAt(int directory, const char* from, const char* to) {
  return ::renameat2(directory, from, directory, to, RENAME_NOREPLACE);
}
int FileSystem::UnlinkAt(int directory, const char* name) { return ::unlinkat(directory, name, 0); }

int FileSystem::ListNames(int directory, std::vector<std::string>* names) {
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  DIR* stream = ::fdopendir(fd);
  if (stream == nullptr) {
    ::close(fd);
    return -1;
  }
  while (const dirent* entry = ::readdir(stream)) names->emplace_back(entry->d_name);
  ::closedir(stream);
  return 0;
}

ssize_t FileSystem::ListAttributes(int fd, char* names, std::size_t size) {
  return ::flistxattr(fd, names, size);
}
ssize_t FileSystem::GetAttribute(int fd, const char* name, char* value, std::size_t size) {
  return ::fgetxattr(fd, name, value, size);
}
int FileSystem::SetAttribute(int fd, const char* name, const char* value, std::size_t size) {
  return ::fsetxattr(fd, name, value, size, 0);
}
ssize_t FileSystem::Random(char* to, std::size_t size) { return ::getrandom(to, size, 0); }

FileSystem& RealFileSystem() {
  static FileSystem files;
  return files;
}

}  // namespace tokenwarden::files
