#include "agent/adapters/notify/exec_command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include "agent/adapters/notify/pidfd.h"

namespace tokenwarden::notify {
namespace {

using std::chrono::steady_clock;

constexpr const char* kInherited[] = {"PATH", "HOME", "LANG"};

std::vector<std::string> EnvironmentFor(const Notice& notice) {
  std::vector<std::string> variables = {
      "TOKENWARDEN_CREDENTIAL=" + notice.credential,
      "TOKENWARDEN_GENERATION=" + std::to_string(notice.generation),
      "TOKENWARDEN_FINGERPRINT=" + notice.fingerprint.text};
  for (const char* name : kInherited) {
    if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// How the child starts: own process group, default signals, no open files, base_dir as its
// directory.
class SpawnPlan {
 public:
  explicit SpawnPlan(const std::string& base_dir) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_addopen(&files_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files_, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files_, 1, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&files_, 3);
    if (!base_dir.empty()) ::posix_spawn_file_actions_addchdir_np(&files_, base_dir.c_str());
    sigset_t none{}, all{};
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // 0 or an error number.
  int Start(char* const* arguments, char* const* variables, pid_t& pid) const {
    return ::posix_spawnp(&pid, arguments[0], &files_, &attributes_, arguments, variables);
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

tl::unexpected<Error> CannotStart(const std::string& attempted, int number) {
  const std::string message =
      attempted + ": it could not be started: " + std::generic_category().message(number);
  if (number == ENOENT) {
    return MakeError(ErrorKind::kNotFound, "no_such_command", message,
                     "Give the full path of a program; scripts need an existing `#!` line.");
  }
  if (number == EACCES || number == EPERM) {
    return MakeError(ErrorKind::kPermissionDenied, "not_permitted", message,
                     "Make it executable for the user of this process.");
  }
  return MakeError(ErrorKind::kUnavailable, "not_started", message, "It is tried again.");
}

// True when the process has ended, false at the deadline.
bool WaitForEnd(const Pidfd& process, steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd ended{process.get(), POLLIN, 0};
    const int ready = ::poll(&ended, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) return true;
    if (ready == 0 && steady_clock::now() >= deadline) return false;
  }
}

int Reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Before the leader is reaped, so that its group's number cannot belong to others.
void KillGroup(pid_t pid) { ::kill(-pid, SIGKILL); }

Status Judge(const std::string& attempted, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status)) {
    return MakeError(ErrorKind::kUnavailable, "exit_code",
                     attempted + ": it ended with exit code " + std::to_string(WEXITSTATUS(status)),
                     "Run it by hand as the same user; its output is not kept here.");
  }
  return MakeError(ErrorKind::kUnavailable, "killed",
                   attempted + ": it was killed by signal " + std::to_string(WTERMSIG(status)),
                   "Run it by hand as the same user; its output is not kept here.");
}

}  // namespace

Status ExecCommand(const NotifySpec& spec, const Notice& notice, const std::string& base_dir) {
  if (spec.command.empty() || spec.command[0].empty()) {
    return MakeError(
        ErrorKind::kInvalidArgument, "no_command",
        "cannot notify the consumer of " + notice.credential + ": no command is configured",
        "Add `command: [program, argument, …]`.");
  }
  const std::string attempted =
      "cannot notify the consumer of " + notice.credential + " by running " + spec.command[0];
  std::vector<std::string> arguments = spec.command;
  std::vector<std::string> variables = EnvironmentFor(notice);
  const auto deadline = steady_clock::now() + spec.timeout;
  pid_t pid = 0;
  const int started =
      SpawnPlan(base_dir).Start(Pointers(arguments).data(), Pointers(variables).data(), pid);
  if (started != 0) return CannotStart(attempted, started);
  const Pidfd process(pid);
  if (process && WaitForEnd(process, deadline)) return Judge(attempted, Reap(pid));
  KillGroup(pid);
  Reap(pid);
  if (!process) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_pidfd",
                     attempted + ": this system does not let a process be waited for (pidfd_open)",
                     "Use Linux 5.3 or newer and allow pidfd_open in the seccomp profile.");
  }
  return MakeError(ErrorKind::kDeadlineExceeded, "timeout",
                   attempted + ": it did not end within " + FormatDuration(spec.timeout) +
                       " and was killed with everything it started",
                   "Let it return at once, or raise its timeout.");
}

}  // namespace tokenwarden::notify
