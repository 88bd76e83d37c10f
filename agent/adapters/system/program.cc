#include "agent/adapters/system/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace tokenwarden::sys {
namespace {

using std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  void Close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// In a process group of its own, with default signals and no open files of ours. 0 or an error
// number.
int Start(std::vector<std::string> command, int output, pid_t& pid) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& text : command) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, 1);
  ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
  sigset_t none{}, all{};
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int problem =
      ::posix_spawnp(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return problem;
}

enum class End { kExited, kTimeout, kTooMuch };

// The string never grows, so that no copy of a secret is left behind in freed memory.
End ReadAll(Descriptor& pipe, int process, const Program& program, std::string& output) {
  const auto deadline = steady_clock::now() + program.timeout;
  std::size_t size = 0;
  output.resize(program.max_output + 1);
  End end = End::kExited;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) {
      end = End::kTimeout;
      break;
    }
    // What it started may hold the pipe open after its end.
    pollfd ready[] = {{pipe.get(), POLLIN, 0}, {process, POLLIN, 0}};
    if (::poll(ready, 2, static_cast<int>(left.count())) <= 0) continue;
    if (ready[0].revents == 0) break;
    const ssize_t got = ::read(pipe.get(), output.data() + size, output.size() - size);
    if (got > 0) size += static_cast<std::size_t>(got);
    if (got == 0 || (got < 0 && errno != EINTR)) pipe.Close();
    if (size > program.max_output) {
      end = End::kTooMuch;
      break;
    }
  }
  output.resize(size);
  return end;
}

int Reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

tl::unexpected<Error> CannotStart(const std::string& attempted, int number) {
  const std::string message = attempted + ": " + std::generic_category().message(number);
  if (number == ENOENT) {
    return MakeError(ErrorKind::kNotFound, "no_such_program", message,
                     "install it where this process finds it, or give its full path");
  }
  return MakeError(ErrorKind::kPermissionDenied, "not_permitted", message,
                   "make it executable for the user of this process");
}

std::string WhatItDid(End end, int status) {
  if (end == End::kTooMuch) return "it wrote more than expected";
  if (!WIFEXITED(status)) return "it was killed by signal " + std::to_string(WTERMSIG(status));
  return "it ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<Secret> RunProgram(const Program& program) {
  if (program.command.empty() || program.command.front().empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "no_command", "no program was named to run");
  }
  const std::string attempted = "cannot run " + program.command.front();
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return CannotStart(attempted, errno);
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  pid_t pid = 0;
  const int problem = Start(program.command, writer.get(), pid);
  if (problem != 0) return CannotStart(attempted, problem);
  writer.Close();
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  std::string output;
  const End end = ReadAll(reader, process.get(), program, output);
  ::kill(-pid, SIGKILL);  // before its leader is reaped, so that the number cannot be another's
  const int status = Reap(pid);
  Secret answer = Secret::TakeFrom(output);
  if (end == End::kTimeout) {
    return MakeError(ErrorKind::kDeadlineExceeded, "timeout",
                     attempted + ": it did not end in time and was killed",
                     "run it by hand as the same user; it must not ask anything");
  }
  if (end == End::kExited && WIFEXITED(status) && WEXITSTATUS(status) == 0) return answer;
  return MakeError(ErrorKind::kUnavailable, "program_failed",
                   attempted + ": " + WhatItDid(end, status),
                   "run it by hand as the same user; what it complains of is not kept here");
}

}  // namespace tokenwarden::sys
