// The real file system, in which chosen calls fail.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "agent/adapters/files/file_system.h"

namespace tokenwarden::files {

// Counts every call. The call number `fail_at` (from 1) fails with `number`; with `dead` every
// later one does too, without any effect, as if the process had been killed there.
class FaultyFileSystem : public FileSystem {
 public:
  static constexpr int kShort = -1;  // instead of an errno: a write that takes one byte

  int fail_at = 0;
  int number = EIO;
  bool dead = false;
  // Fails with `number` whenever it returns true for (name of the call, its count).
  std::function<bool(const std::string& call, int count)> fails;
  std::vector<std::string> calls;
  int open_files = 0;

  bool triggered() const { return triggered_; }
  int CountOf(const std::string& call) const {
    return static_cast<int>(std::count(calls.begin(), calls.end(), call));
  }

  int OpenAt(int directory, const char* path, int flags, mode_t mode) override {
    if (Fails(flags & 0100 ? "create" : "open")) return -1;  // 0100: O_CREAT
    const int fd = FileSystem::OpenAt(directory, path, flags, mode);
    if (fd >= 0) ++open_files;
    return fd;
  }
  int Close(int fd) override {
    --open_files;
    const bool fail = Fails("close");
    const int number_seen = errno;
    const int result = FileSystem::Close(fd);
    errno = number_seen;
    return fail ? -1 : result;
  }
  ssize_t Read(int fd, char* to, std::size_t size) override {
    return Fails("read") ? -1 : FileSystem::Read(fd, to, size);
  }
  ssize_t Write(int fd, const char* from, std::size_t size) override {
    if (Fails("write")) return -1;
    return FileSystem::Write(fd, from, short_ ? 1 : size);
  }
  int Stat(int fd, struct stat* status) override {
    return Fails("stat") ? -1 : FileSystem::Stat(fd, status);
  }
  int LinkStat(const char* path, struct stat* status) override {
    return Fails("lstat") ? -1 : FileSystem::LinkStat(path, status);
  }
  int RealPath(const char* path, std::string* real) override {
    return Fails("realpath") ? -1 : FileSystem::RealPath(path, real);
  }
  int ChangeMode(int fd, mode_t mode) override {
    return Fails("chmod") ? -1 : FileSystem::ChangeMode(fd, mode);
  }
  int ChangeOwner(int fd, uid_t owner, gid_t group) override {
    return Fails("chown") ? -1 : FileSystem::ChangeOwner(fd, owner, group);
  }
  int Sync(int fd) override { return Fails("sync") ? -1 : FileSystem::Sync(fd); }
  int Lock(int fd) override { return Fails("lock") ? -1 : FileSystem::Lock(fd); }
  int RenameAt(int directory, const char* from, const char* to) override {
    return Fails("rename") ? -1 : FileSystem::RenameAt(directory, from, to);
  }
  int RenameNewAt(int directory, const char* from, const char* to) override {
    return Fails("rename new") ? -1 : FileSystem::RenameNewAt(directory, from, to);
  }
  int UnlinkAt(int directory, const char* name) override {
    return Fails("unlink") ? -1 : FileSystem::UnlinkAt(directory, name);
  }
  int ListNames(int directory, std::vector<std::string>* names) override {
    return Fails("list") ? -1 : FileSystem::ListNames(directory, names);
  }
  ssize_t ListAttributes(int fd, char* names, std::size_t size) override {
    return Fails("list attributes") ? -1 : FileSystem::ListAttributes(fd, names, size);
  }
  ssize_t GetAttribute(int fd, const char* name, char* value, std::size_t size) override {
    return Fails("get attribute") ? -1 : FileSystem::GetAttribute(fd, name, value, size);
  }
  int SetAttribute(int fd, const char* name, const char* value, std::size_t size) override {
    return Fails("set attribute") ? -1 : FileSystem::SetAttribute(fd, name, value, size);
  }
  ssize_t Random(char* to, std::size_t size) override {
    return Fails("random") ? -1 : FileSystem::Random(to, size);
  }

 private:
  bool Fails(const std::string& call) {
    calls.push_back(call);
    const int count = static_cast<int>(calls.size());
    const bool now = fail_at != 0 && (count == fail_at || (dead && count > fail_at));
    const bool chosen = fails && fails(call, count);
    short_ = now && number == kShort;
    if (!now && !chosen) return false;
    triggered_ = true;
    if (short_) return false;
    errno = number;
    return true;
  }

  bool triggered_ = false;
  bool short_ = false;
};

}  // namespace tokenwarden::files
