// FileSystem: the system calls of this adapter, so that a test can let any one of them fail.
//
// Each method is the call of the same meaning: it returns -1 (or nothing) and sets errno on
// failure. Thread-safe, as the calls are.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tokenwarden::files {

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual int OpenAt(int directory, const char* path, int flags, mode_t mode);
  virtual int Close(int fd);
  virtual ssize_t Read(int fd, char* to, std::size_t size);
  virtual ssize_t Write(int fd, const char* from, std::size_t size);
  virtual int Stat(int fd, struct stat* status);
  virtual int LinkStat(const char* path, struct stat* status);  // does not follow a link
  virtual int RealPath(const char* path, std::string* real);
  virtual int ChangeMode(int fd, mode_t mode);
  virtual int ChangeOwner(int fd, uid_t owner, gid_t group);
  virtual int Sync(int fd);
  virtual int Lock(int fd);  // exclusive, without waiting
  virtual int RenameAt(int directory, const char* from, const char* to);
  virtual int RenameNewAt(int directory, const char* from,
                          const char* to);  // EEXIST if `to` exists
  virtual int UnlinkAt(int directory, const char* name);
  virtual int ListNames(int directory, std::vector<std::string>* names);
  virtual ssize_t ListAttributes(int fd, char* names, std::size_t size);
  virtual ssize_t GetAttribute(int fd, const char* name, char* value, std::size_t size);
  virtual int SetAttribute(int fd, const char* name, const char* value, std::size_t size);
  virtual ssize_t Random(char* to, std::size_t size);
};

FileSystem& RealFileSystem();

// Repeats a call that a signal interrupted.
template <typename Call>
auto Uninterrupted(const Call& call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

// Owns an open file.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(FileSystem& files, int fd) : files_(&files), fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept
      : files_(other.files_), fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      files_ = other.files_;
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // False with errno when the system reports a failure; the file is closed in any case.
  bool Close() {
    const int fd = std::exchange(fd_, -1);
    // Linux closes the file even when it reports EINTR.
    return fd < 0 || files_->Close(fd) == 0 || errno == EINTR;
  }

 private:
  FileSystem* files_ = nullptr;
  int fd_ = -1;
};

}  // namespace tokenwarden::files
