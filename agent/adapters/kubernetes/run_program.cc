#include "agent/adapters/kubernetes/run_program.h"

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

namespace tokenwarden::kubernetes {
namespace {

using std::chrono::steady_clock;

std::vector<std::string> EnvironmentOf(const Program& program) {
  std::vector<std::string> variables;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string variable(*each);
    const std::string name = variable.substr(0, variable.find('='));
    const bool replaced = std::any_of(program.environment.begin(), program.environment.end(),
                                      [&](const auto& ours) { return ours.first == name; });
    if (!replaced) variables.push_back(variable);
  }
  for (const auto& [name, value] : program.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

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

// 0 or an error number.
int Start(const Program& program, int output, pid_t& pid) {
  std::vector<std::string> arguments = {program.command};
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  std::vector<std::string> variables = EnvironmentOf(program);
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
  const int problem = ::posix_spawnp(&pid, program.command.c_str(), &files, &attributes,
                                     Pointers(arguments).data(), Pointers(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return problem;
}

enum class End { kExited, kTimeout, kTooMuch };

// Reads until the program has ended; what it started may still hold the pipe open.
End ReadAll(Descriptor& pipe, int process, const Program& program, std::string& output) {
  const auto deadline = steady_clock::now() + program.timeout;
  output.reserve(program.max_output + 1);  // a string that grows leaves copies of secrets behind
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return End::kTimeout;
    pollfd ready[] = {{pipe.get(), POLLIN, 0}, {process, POLLIN, 0}};
    if (::poll(ready, 2, static_cast<int>(left.count())) <= 0) continue;
    if (ready[0].revents == 0) return End::kExited;
    const std::size_t before = output.size();
    output.resize(program.max_output + 1);
    const ssize_t size = ::read(pipe.get(), output.data() + before, output.size() - before);
    output.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (size <= 0) pipe.Close();
    if (output.size() > program.max_output) return End::kTooMuch;
  }
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
                     "Install it where this process finds it, or give its full path.");
  }
  return MakeError(ErrorKind::kPermissionDenied, "not_permitted", message,
                   "Make it executable for the user of this process.");
}

std::string WhatItDid(End end, int status) {
  if (end == End::kTooMuch) return "it wrote more than expected";
  if (!WIFEXITED(status)) return "it was killed by signal " + std::to_string(WTERMSIG(status));
  return "it ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<Secret> RunProgram(const Program& program) {
  const std::string attempted = "cannot run " + program.command;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return CannotStart(attempted, errno);
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  pid_t pid = 0;
  const int problem = Start(program, writer.get(), pid);
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
                     "Run it by hand as the same user; it must not ask anything.");
  }
  if (end == End::kExited && WIFEXITED(status) && WEXITSTATUS(status) == 0) return answer;
  return MakeError(ErrorKind::kUnavailable, "program_failed",
                   attempted + ": " + WhatItDid(end, status),
                   "Run it by hand as the same user; its messages are not kept here.");
}

}  // namespace tokenwarden::kubernetes
