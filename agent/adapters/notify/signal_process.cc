#include "agent/adapters/notify/signal_process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

#include "agent/adapters/notify/pidfd.h"

namespace tokenwarden::notify {
namespace {

struct SignalName {
  std::string_view name;
  int number;
};
// What programs reload on, and what asks them to end. KILL and STOP tell nobody anything.
constexpr SignalName kSignals[] = {
    {"HUP", SIGHUP},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"INT", SIGINT},     {"QUIT", SIGQUIT},
    {"TERM", SIGTERM}, {"ALRM", SIGALRM}, {"CONT", SIGCONT}, {"WINCH", SIGWINCH},
};
constexpr std::string_view kPrefix = "SIG";
constexpr std::size_t kCommLength = 15;  // the kernel cuts names to this; proc(5)
constexpr double kStartSlack = 2;        // seconds: ticks, coarse time stamps

std::optional<int> NumberOf(std::string_view name) {
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  const auto* row = std::find_if(std::begin(kSignals), std::end(kSignals),
                                 [&](const SignalName& signal) { return signal.name == name; });
  if (row == std::end(kSignals)) return std::nullopt;
  return row->number;
}

// At most 4 KiB of a file that may be anything; the modification time on request. Errno on failure.
std::optional<std::string> ReadSmall(const std::string& path, timespec* modified = nullptr) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  char buffer[4096];
  struct stat status {};
  const bool file = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  const ssize_t size = file ? ::read(fd, buffer, sizeof buffer) : -1;
  const int number = file ? errno : EINVAL;
  ::close(fd);
  errno = number;
  if (size < 0) return std::nullopt;
  if (modified != nullptr) *modified = status.st_mtim;
  return std::string(buffer, static_cast<std::size_t>(size));
}

struct PidFile {
  pid_t pid = 0;
  double written_at = 0;  // Unix seconds
};

Result<PidFile> ReadPidFile(const std::string& path, const std::string& attempted) {
  timespec modified{};
  const auto text = ReadSmall(path, &modified);
  if (!text && (errno == ENOENT || errno == ENOTDIR)) {
    return MakeError(ErrorKind::kNotFound, "no_pid_file",
                     attempted + ": the pid file " + path + " does not exist",
                     "Start the consumer, or correct pid_file.");
  }
  if (!text && errno == EACCES) {
    return MakeError(ErrorKind::kPermissionDenied, "not_permitted",
                     attempted + ": the pid file " + path + " may not be read",
                     "Grant the user of this process read access to it.");
  }
  PidFile file;
  if (text) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), file.pid);
    const std::string_view rest(end, static_cast<std::size_t>(text->data() + text->size() - end));
    const bool alone = rest.empty() || rest.find_first_not_of(" \t\r\n") != 0;
    if (error != std::errc() || !alone || file.pid < 1) file.pid = 0;
  }
  if (file.pid == 0) {
    return MakeError(ErrorKind::kInvalidArgument, "bad_pid_file",
                     attempted + ": " + path + " is not a file that begins with a process number",
                     "Check pid_file.");
  }
  file.written_at =
      static_cast<double>(modified.tv_sec) + static_cast<double>(modified.tv_nsec) / 1e9;
  return file;
}

std::string ProcPath(pid_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

std::string NameOf(pid_t pid) {
  std::string name = ReadSmall(ProcPath(pid, "comm")).value_or("");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

// The file name of the program, empty where we may not know it.
std::string ProgramOf(pid_t pid) {
  char target[4096];
  const ssize_t size = ::readlink(ProcPath(pid, "exe").c_str(), target, sizeof target);
  if (size <= 0) return {};
  const std::string path(target, static_cast<std::size_t>(size));
  return path.substr(path.rfind('/') + 1);
}

// When a process began, in Unix seconds: field 22 of stat counts ticks since the machine was
// started.
std::optional<double> StartOf(pid_t pid) {
  const std::string stat = ReadSmall(ProcPath(pid, "stat")).value_or("");
  std::size_t at = stat.rfind(')');  // the name before it may hold anything, also spaces
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  long long ticks = 0;
  const auto parsed = std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), ticks);
  if (parsed.ec != std::errc()) return std::nullopt;
  timespec wall{}, up{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  const double boot = static_cast<double>(wall.tv_sec - up.tv_sec) +
                      static_cast<double>(wall.tv_nsec - up.tv_nsec) / 1e9;
  return boot + static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

tl::unexpected<Error> Gone(const std::string& attempted, pid_t pid) {
  return MakeError(ErrorKind::kNotFound, "no_such_process",
                   attempted + ": no process has the number " + std::to_string(pid),
                   "Start the consumer; its pid file is a leftover.");
}

Status CheckIdentity(const NotifySpec& spec, const PidFile& file, const std::string& attempted) {
  const std::string number = std::to_string(file.pid);
  if (!spec.process.empty()) {
    const std::string name = NameOf(file.pid);
    if (name == spec.process.substr(0, kCommLength) || ProgramOf(file.pid) == spec.process)
      return {};
    return MakeError(
        ErrorKind::kFailedPrecondition, "other_process",
        attempted + ": process " + number + " is called " + name + ", not " + spec.process,
        "Restart the consumer so that it writes its pid file, or correct `process`.");
  }
  const auto start = StartOf(file.pid);
  if (!start) return Gone(attempted, file.pid);
  if (*start <= file.written_at + kStartSlack) return {};
  return MakeError(ErrorKind::kFailedPrecondition, "other_process",
                   attempted + ": process " + number +
                       " was started after the pid file was written, "
                       "so the number has passed to another program",
                   "Restart the consumer, or name its program with `process`.");
}

}  // namespace

Status SignalProcess(const NotifySpec& spec, const std::string& base_dir) {
  const bool relative = !base_dir.empty() && !spec.pid_file.empty() && spec.pid_file[0] != '/';
  const std::string path = relative ? base_dir + "/" + spec.pid_file : spec.pid_file;
  const std::string attempted = "cannot send " + spec.signal + " to the consumer";
  const auto signal = NumberOf(spec.signal);
  if (!signal) {
    return MakeError(ErrorKind::kInvalidArgument, "unknown_signal",
                     attempted + ": that is not a signal a consumer can be told with",
                     "Use HUP, USR1, USR2, INT, QUIT, TERM, ALRM, CONT or WINCH.");
  }
  const auto file = ReadPidFile(path, attempted);
  if (!file) return tl::make_unexpected(file.error());
  // The handle first, the check second: if the number passes on in between, the handle is of a dead
  // one.
  const Pidfd process(file->pid);
  if (!process && errno == ESRCH) return Gone(attempted, file->pid);
  if (!process) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_pidfd",
                     attempted + ": this system has no handles for processes (pidfd_open)",
                     "Use Linux 5.3 or newer and allow pidfd_open in the seccomp profile.");
  }
  if (Status right = CheckIdentity(spec, *file, attempted); !right) return right;
  if (process.Send(*signal)) return {};
  if (errno == ESRCH) return Gone(attempted, file->pid);
  return MakeError(ErrorKind::kPermissionDenied, "not_permitted",
                   attempted + ": process " + std::to_string(file->pid) +
                       " may not be signalled: " + std::generic_category().message(errno),
                   "Run both programs as the same user, or grant CAP_KILL.");
}

}  // namespace tokenwarden::notify
