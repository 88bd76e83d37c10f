#include "tests/crash/call_names.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

namespace tokenwarden::crash {
namespace {

// Where a call says what it is about.
enum class About { kNothing, kDescriptor, kPath, kPathAt, kTwoPaths, kTwoPathsAt };

struct Row {
  long number;
  const char* name;
  About about;
};

#define ROW(name, about) \
  { SYS_##name, #name, About::about }
constexpr Row kRows[] = {
    ROW(read, kDescriptor),
    ROW(write, kDescriptor),
    ROW(readv, kDescriptor),
    ROW(writev, kDescriptor),
    ROW(pread64, kDescriptor),
    ROW(pwrite64, kDescriptor),
    ROW(open, kPath),
    ROW(openat, kPathAt),
    ROW(close, kDescriptor),
    ROW(fstat, kDescriptor),
    ROW(newfstatat, kPathAt),
    ROW(stat, kPath),
    ROW(lstat, kPath),
    ROW(statx, kPathAt),
    ROW(lseek, kDescriptor),
    ROW(fcntl, kDescriptor),
    ROW(flock, kDescriptor),
    ROW(fsync, kDescriptor),
    ROW(fdatasync, kDescriptor),
    ROW(ftruncate, kDescriptor),
    ROW(fallocate, kDescriptor),
    ROW(fchmod, kDescriptor),
    ROW(fchown, kDescriptor),
    ROW(flistxattr, kDescriptor),
    ROW(fgetxattr, kDescriptor),
    ROW(fsetxattr, kDescriptor),
    ROW(getdents64, kDescriptor),
    ROW(access, kPath),
    ROW(faccessat, kPathAt),
    ROW(readlink, kPath),
    ROW(readlinkat, kPathAt),
    ROW(unlink, kPath),
    ROW(unlinkat, kPathAt),
    ROW(mkdir, kPath),
    ROW(rename, kTwoPaths),
    ROW(renameat, kTwoPathsAt),
    ROW(renameat2, kTwoPathsAt),
    ROW(socket, kNothing),
    ROW(connect, kDescriptor),
    ROW(sendto, kDescriptor),
    ROW(recvfrom, kDescriptor),
    ROW(sendmsg, kDescriptor),
    ROW(recvmsg, kDescriptor),
    ROW(shutdown, kDescriptor),
    ROW(setsockopt, kDescriptor),
    ROW(getsockopt, kDescriptor),
    ROW(getsockname, kDescriptor),
    ROW(getpeername, kDescriptor),
    ROW(bind, kDescriptor),
    ROW(listen, kDescriptor),
    ROW(accept, kDescriptor),
    ROW(accept4, kDescriptor),
    ROW(poll, kNothing),
    ROW(ppoll, kNothing),
    ROW(epoll_wait, kDescriptor),
    ROW(epoll_pwait, kDescriptor),
    ROW(epoll_ctl, kDescriptor),
    ROW(epoll_create1, kNothing),
    ROW(eventfd2, kNothing),
    ROW(timerfd_create, kNothing),
    ROW(timerfd_settime, kDescriptor),
    ROW(pipe2, kNothing),
    ROW(dup, kDescriptor),
    ROW(ioctl, kDescriptor),
    ROW(inotify_init1, kNothing),
    ROW(inotify_add_watch, kNothing),
    ROW(futex, kNothing),
    ROW(mmap, kNothing),
    ROW(munmap, kNothing),
    ROW(mprotect, kNothing),
    ROW(madvise, kNothing),
    ROW(brk, kNothing),
    ROW(mremap, kNothing),
    ROW(mlock, kNothing),
    ROW(munlock, kNothing),
    ROW(mlock2, kNothing),
    ROW(rt_sigprocmask, kNothing),
    ROW(rt_sigaction, kNothing),
    ROW(rt_sigpending, kNothing),
    ROW(rt_sigtimedwait, kNothing),
    ROW(rt_sigreturn, kNothing),
    ROW(sigaltstack, kNothing),
    ROW(clone, kNothing),
    ROW(clone3, kNothing),
    ROW(vfork, kNothing),
    ROW(wait4, kNothing),
    ROW(waitid, kNothing),
    ROW(pidfd_open, kNothing),
    ROW(kill, kNothing),
    ROW(tgkill, kNothing),
    ROW(exit, kNothing),
    ROW(exit_group, kNothing),
    ROW(getpid, kNothing),
    ROW(gettid, kNothing),
    ROW(getuid, kNothing),
    ROW(geteuid, kNothing),
    ROW(getgid, kNothing),
    ROW(getegid, kNothing),
    ROW(getcwd, kNothing),
    ROW(uname, kNothing),
    ROW(getrandom, kNothing),
    ROW(clock_gettime, kNothing),
    ROW(clock_nanosleep, kNothing),
    ROW(nanosleep, kNothing),
    ROW(sched_yield, kNothing),
    ROW(sched_getaffinity, kNothing),
    ROW(set_robust_list, kNothing),
    ROW(rseq, kNothing),
    ROW(prctl, kNothing),
    ROW(prlimit64, kNothing),
    ROW(restart_syscall, kNothing),
    ROW(membarrier, kNothing),
    ROW(getrusage, kNothing),
    ROW(sysinfo, kNothing),
};
#undef ROW

const Row* Find(long number) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& each) { return each.number == number; });
  return row == std::end(kRows) ? nullptr : row;
}

// `.tokenwarden-0123456789abcdef.tmp` has another name each time.
std::string WithoutRandom(std::string path) {
  constexpr std::size_t kDigits = 16;
  const std::string mark = ".tokenwarden-";
  const std::size_t at = path.find(mark);
  if (at != std::string::npos && path.size() >= at + mark.size() + kDigits) {
    path.replace(at + mark.size(), kDigits, "*");
  }
  return path;
}

// `socket:[123]`, `pipe:[45]`, `anon_inode:[eventfd]`, or a path.
std::string Shorten(const std::string& target, const std::string& room, bool& in_room) {
  if (target == room) {
    in_room = true;
    return ".";
  }
  if (target.rfind(room + "/", 0) == 0) {
    in_room = true;
    return WithoutRandom(target.substr(room.size() + 1));
  }
  if (!target.empty() && target.front() != '/') return target.substr(0, target.find(':'));
  return target;
}

std::string Absolute(pid_t thread, std::uint64_t directory, const std::string& path) {
  if (!path.empty() && path.front() == '/') return path;
  const bool here = static_cast<int>(directory) == AT_FDCWD;
  const std::string base = here ? "" : DescriptorTarget(thread, directory);
  if (path.empty()) return base;
  return base.empty() ? path : base + "/" + path;
}

}  // namespace

NamedCall NameOf(const Call& call, const std::string& room) {
  NamedCall named;
  const Row* row = Find(call.number);
  if (row == nullptr) {
    named.name = std::to_string(call.number);
    return named;
  }
  named.name = row->name;
  const auto& arguments = call.arguments;
  const pid_t thread = call.thread;
  const auto shorten = [&](const std::string& target) {
    return Shorten(target, room, named.in_room);
  };
  const auto path_at = [&](std::size_t directory, std::size_t path) {
    return shorten(Absolute(thread, arguments[directory], ReadPath(thread, arguments[path])));
  };
  switch (row->about) {
    case About::kNothing:
      break;
    case About::kDescriptor:
      named.target = shorten(DescriptorTarget(thread, arguments[0]));
      break;
    case About::kPath:
      named.target = shorten(ReadPath(thread, arguments[0]));
      break;
    case About::kPathAt:
      named.target = path_at(0, 1);
      break;
    case About::kTwoPaths:
      named.target = shorten(ReadPath(thread, arguments[0])) + " to " +
                     shorten(ReadPath(thread, arguments[1]));
      break;
    case About::kTwoPathsAt:
      named.target = path_at(0, 1) + " to " + path_at(2, 3);
      break;
  }
  return named;
}

}  // namespace tokenwarden::crash
