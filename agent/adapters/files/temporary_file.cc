#include "agent/adapters/files/temporary_file.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/adapters/files/file_errors.h"

namespace tokenwarden::files {
namespace {

constexpr std::string_view kPrefix = ".tokenwarden-";
constexpr std::string_view kSuffix = ".tmp";
constexpr std::size_t kRandomBytes = 8;
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kAcl = "system.posix_acl_access";
constexpr std::size_t kMaxAttributeBytes = 64 * 1024;  // the kernel's own limit

// 64 random bits: nobody can put a file or a link there first.
Result<std::string> NewName(FileSystem& files, const std::string& attempted) {
  std::array<char, kRandomBytes> random{};
  const auto got = Uninterrupted([&] { return files.Random(random.data(), random.size()); });
  if (got != static_cast<ssize_t>(random.size())) return SystemError(attempted, EIO);
  std::string name(kPrefix);
  for (const char byte : random) {
    name += kHex[static_cast<unsigned char>(byte) >> 4];
    name += kHex[static_cast<unsigned char>(byte) & 15];
  }
  return name.append(kSuffix);
}

// Attributes that decide who may use the file, and the user's own. Others belong to the system.
bool IsKept(std::string_view name) {
  return name == kAcl || name == "security.selinux" || name.substr(0, 5) == "user.";
}

}  // namespace

bool IsTemporaryName(std::string_view name) {
  const std::size_t digits = 2 * kRandomBytes;
  return name.size() == kPrefix.size() + digits + kSuffix.size() &&
         name.substr(0, kPrefix.size()) == kPrefix &&
         name.substr(kPrefix.size() + digits) == kSuffix &&
         name.substr(kPrefix.size(), digits).find_first_not_of(kHex) == std::string_view::npos;
}

Result<TemporaryFile> TemporaryFile::Create(FileSystem& files, int directory,
                                            std::string attempted) {
  TemporaryFile file(files, directory, std::move(attempted));
  auto name = NewName(files, file.attempted_);
  if (!name) return tl::make_unexpected(name.error());
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  file.descriptor_ = Descriptor(
      files, Uninterrupted([&] { return files.OpenAt(directory, name->c_str(), flags, 0600); }));
  if (!file.descriptor_) return file.Failed();
  file.name_ = std::move(*name);
  return file;
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : files_(other.files_),
      directory_(other.directory_),
      attempted_(other.attempted_),
      name_(std::exchange(other.name_, {})),
      descriptor_(std::move(other.descriptor_)) {}

TemporaryFile::~TemporaryFile() {
  descriptor_.Close();
  if (name_.empty()) return;
  // If even this fails, the next write in this directory removes it.
  Uninterrupted([&] { return files_.UnlinkAt(directory_, name_.c_str()); });
}

tl::unexpected<Error> TemporaryFile::Failed() const { return SystemError(attempted_, errno); }

Status TemporaryFile::Imitate(const OpenedFile& old, std::string& note) {
  // The owner first: changing it clears mode bits. The attributes last: they may narrow the mode.
  if (Status kept = KeepOwner(old.status); !kept) return kept;
  if (Status kept = SetMode(old.status.st_mode & 07777); !kept) return kept;
  return KeepAttributes(old.descriptor.get(), note);
}

Status TemporaryFile::SetMode(mode_t mode) {
  const int fd = descriptor_.get();
  if (Uninterrupted([&] { return files_.ChangeMode(fd, mode); }) != 0) return Failed();
  return {};
}

Status TemporaryFile::KeepOwner(const struct stat& old) {
  struct stat mine {};
  const int fd = descriptor_.get();
  if (Uninterrupted([&] { return files_.Stat(fd, &mine); }) != 0) return Failed();
  if (mine.st_uid == old.st_uid && mine.st_gid == old.st_gid) return {};
  if (Uninterrupted([&] { return files_.ChangeOwner(fd, old.st_uid, old.st_gid); }) == 0) return {};
  if (errno != EPERM && errno != EINVAL) return Failed();
  const std::string owner = std::to_string(old.st_uid) + ":" + std::to_string(old.st_gid);
  return MakeError(ErrorKind::kPermissionDenied, "owner_not_kept",
                   attempted_ + ": it belongs to " + owner +
                       " (user:group) and a file of this process "
                       "would belong to " +
                       std::to_string(mine.st_uid) + ":" + std::to_string(mine.st_gid),
                   "Run this process as user " + std::to_string(old.st_uid) +
                       " with that group, or give the file to the user of this process.");
}

Status TemporaryFile::KeepAttributes(int old, std::string& note) {
  std::string names(kMaxAttributeBytes, '\0');
  const auto size =
      Uninterrupted([&] { return files_.ListAttributes(old, names.data(), names.size()); });
  if (size < 0 && errno == EOPNOTSUPP) return {};
  if (size < 0) return Failed();
  names.resize(static_cast<std::size_t>(size));
  for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
    const char* name = names.c_str() + at;
    if (!IsKept(name)) continue;
    if (Status kept = KeepAttribute(old, name, note); !kept) return kept;
  }
  return {};
}

Status TemporaryFile::KeepAttribute(int old, const char* name, std::string& note) {
  std::string value(kMaxAttributeBytes, '\0');
  const int fd = descriptor_.get();
  const auto size =
      Uninterrupted([&] { return files_.GetAttribute(old, name, value.data(), value.size()); });
  const auto used = static_cast<std::size_t>(std::max<ssize_t>(size, 0));
  const bool kept = size >= 0 && Uninterrupted([&] {
                                   return files_.SetAttribute(fd, name, value.data(), used);
                                 }) == 0;
  if (kept) return {};
  if (name == kAcl) {
    return MakeError(ErrorKind::kPermissionDenied, "acl_not_kept",
                     attempted_ + ": its access control list could not be copied",
                     "Grant access by owner, group and mode instead (setfacl -b).");
  }
  note += std::string(note.empty() ? "" : "; ") + "the attribute " + name + " was lost";
  return {};
}

Status TemporaryFile::Fill(std::string_view content) {
  const int fd = descriptor_.get();
  while (!content.empty()) {
    const auto size =
        Uninterrupted([&] { return files_.Write(fd, content.data(), content.size()); });
    if (size < 0) return Failed();
    if (size == 0) return SystemError(attempted_, ENOSPC);
    content.remove_prefix(static_cast<std::size_t>(size));
  }
  if (Uninterrupted([&] { return files_.Sync(fd); }) != 0 || !descriptor_.Close()) {
    auto error = Failed();
    if (error.value().kind == ErrorKind::kUnavailable) error.value().reason = "fsync_failed";
    return error;
  }
  return {};
}

Status TemporaryFile::BecomeTarget(const std::string& name, bool must_be_new) {
  int result = -1;
  if (must_be_new) {
    result =
        Uninterrupted([&] { return files_.RenameNewAt(directory_, name_.c_str(), name.c_str()); });
    if (result != 0 && errno == EEXIST) {
      return MakeError(ErrorKind::kAborted, "conflict",
                       attempted_ + ": somebody else created it at the same time",
                       "It is read and tried again.");
    }
  }
  // Some file systems cannot rename without replacing.
  const bool plain = !must_be_new || (result != 0 && (errno == EINVAL || errno == ENOSYS));
  if (plain) {
    result =
        Uninterrupted([&] { return files_.RenameAt(directory_, name_.c_str(), name.c_str()); });
  }
  if (result != 0) return Failed();
  name_.clear();
  return {};
}

}  // namespace tokenwarden::files
