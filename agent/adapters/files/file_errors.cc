#include "agent/adapters/files/file_errors.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

namespace tokenwarden::files {
namespace {

struct Meaning {
  int number;
  ErrorKind kind;
  const char* reason;
  const char* seen;
  const char* action;
};

constexpr char kCheckPath[] = "Check the path in the configuration.";
constexpr char kGrant[] = "Grant the user of this process the right, or run it as another user.";
constexpr char kFree[] = "Free space or raise the quota; it is tried again.";
constexpr char kDisk[] = "Look at the disk and at the kernel log.";

constexpr Meaning kMeanings[] = {
    {ENOENT, ErrorKind::kNotFound, "no_such_file", "it does not exist", kCheckPath},
    {ENOTDIR, ErrorKind::kNotFound, "no_such_file", "a part of the path is not a directory",
     kCheckPath},
    {EACCES, ErrorKind::kPermissionDenied, "not_permitted", "permission was denied", kGrant},
    {EPERM, ErrorKind::kPermissionDenied, "not_permitted", "the system does not allow it",
     "Check owner, rights and the immutable flag (lsattr)."},
    {EROFS, ErrorKind::kPermissionDenied, "read_only", "the file system is read-only",
     "Mount it writable or choose another place."},
    {ENOSPC, ErrorKind::kResourceExhausted, "disk_full", "no space is left on the device", kFree},
    {EDQUOT, ErrorKind::kResourceExhausted, "disk_full", "the disk quota is used up", kFree},
    {EMFILE, ErrorKind::kResourceExhausted, "too_many_open_files",
     "this process has too many open files", "Raise the limit (ulimit -n)."},
    {ENFILE, ErrorKind::kResourceExhausted, "too_many_open_files",
     "the machine has too many open files", "Raise the limit (fs.file-max)."},
    {ENOMEM, ErrorKind::kResourceExhausted, "out_of_memory", "memory ran out", "Free memory."},
    {ELOOP, ErrorKind::kInvalidArgument, "link_loop", "its symbolic links form a loop",
     "Mend the links."},
    {ENAMETOOLONG, ErrorKind::kInvalidArgument, "name_too_long", "the name is too long",
     kCheckPath},
    {EISDIR, ErrorKind::kInvalidArgument, "not_a_file", "it is a directory", kCheckPath},
    {ENXIO, ErrorKind::kInvalidArgument, "not_a_file", "it is a socket or a device", kCheckPath},
    {EBUSY, ErrorKind::kFailedPrecondition, "mount_point",
     "it is a mount point of its own, so it cannot be replaced",
     "Mount the directory that holds the file instead of the file itself."},
    {EXDEV, ErrorKind::kFailedPrecondition, "other_device",
     "it cannot be replaced across file systems",
     "Mount the directory that holds the file instead of the file itself."},
    {EIO, ErrorKind::kUnavailable, "io_error", "the device reported an input/output error", kDisk},
};

}  // namespace

tl::unexpected<Error> SystemError(const std::string& attempted, int number) {
  const auto* row = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                 [&](const Meaning& meaning) { return meaning.number == number; });
  if (row != std::end(kMeanings)) {
    return MakeError(row->kind, row->reason, attempted + ": " + row->seen, row->action);
  }
  return MakeError(ErrorKind::kUnavailable, "io_error",
                   attempted + ": " + std::generic_category().message(number), kDisk);
}

}  // namespace tokenwarden::files
