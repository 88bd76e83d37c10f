#include "tests/crash/faults.h"

#include <algorithm>
#include <cerrno>

namespace tokenwarden::crash {

const std::vector<Fault>& AllFaults() {
  static const std::vector<Fault> faults = {
      {"ENOSPC",
       ENOSPC,
       false,
       false,
       {"write", "pwrite64", "openat", "ftruncate", "fallocate", "fsync", "fdatasync", "renameat",
        "renameat2"}},
      {"EIO",
       EIO,
       false,
       false,
       {"write", "pwrite64", "read", "pread64", "openat", "ftruncate", "fallocate", "fsync",
        "fdatasync", "renameat", "renameat2", "unlink", "unlinkat", "newfstatat", "fstat",
        "getdents64", "flock"}},
      {"EROFS",
       EROFS,
       false,
       false,
       {"openat", "ftruncate", "fsync", "fdatasync", "renameat", "renameat2", "unlink", "unlinkat",
        "fchmod", "fchown"}},
      {"EACCES",
       EACCES,
       false,
       false,
       {"openat", "renameat", "renameat2", "unlink", "unlinkat", "newfstatat", "readlink"}},
      {"EPERM", EPERM, false, false, {"fchmod", "fchown", "fsetxattr", "flistxattr"}},
      {"EMFILE", EMFILE, false, false, {"openat"}},
      {"EXDEV", EXDEV, false, false, {"renameat", "renameat2"}},
      {"ENOENT",
       ENOENT,
       false,
       false,
       {"openat", "renameat", "renameat2", "unlink", "unlinkat", "newfstatat", "readlink"}},
      {"EINTR",
       EINTR,
       true,
       false,
       {"write", "pwrite64", "read", "pread64", "openat", "ftruncate", "fallocate", "flock"}},
      // Linux interrupts no sync of a local disk; where it happens it is a failed one.
      {"EINTR-sync", EINTR, false, false, {"fsync", "fdatasync"}},
      {"half", 0, true, false, {"write", "pwrite64", "read", "pread64"}},
      {"disk-full-from-here", ENOSPC, false, true, {"openat", "fsync", "fdatasync", "renameat"}},
      {"disk-gone-from-here", EIO, false, true, {"openat", "fsync", "fdatasync", "renameat"}},
      {"read-only-from-here", EROFS, false, true, {"openat", "fsync", "fdatasync", "renameat"}},
      {"directory-gone-from-here", ENOENT, false, true, {"openat", "renameat"}},
  };
  return faults;
}

bool Applies(const Fault& fault, const NamedCall& call) {
  if (!call.in_room || call.target.find("agent.log") != std::string::npos) return false;
  return std::find(fault.calls.begin(), fault.calls.end(), call.name) != fault.calls.end();
}

Answer Play(const Fault& fault, const Call& call) {
  Answer answer;
  if (fault.error != 0) {
    answer.kind = Answer::Kind::kRefuse;
    answer.result = -fault.error;
    return answer;
  }
  answer.kind = Answer::Kind::kChange;
  answer.index = 2;  // the number of bytes of a read or a write
  answer.argument = (call.arguments[2] + 1) / 2;
  return answer;
}

}  // namespace tokenwarden::crash
