#include "tests/crash/tracer.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace tokenwarden::crash {
namespace {

constexpr long kQuietNanoseconds = 100'000'000;
constexpr int kTickSignal = SIGUSR2;

// ---- the child ----

[[noreturn]] void Become(const TracedProgram& program, char* const* argv) {
  const int output = open(program.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int input = open("/dev/null", O_RDONLY);
  dup2(input, 0);
  dup2(output, 1);
  dup2(output, 2);
  sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)};
  const sock_fprog rules{1, filter};
  char* const environment[] = {nullptr};
  const bool ready = chdir(program.directory.c_str()) == 0 &&
                     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                     ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 && raise(SIGSTOP) == 0 &&
                     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &rules) == 0;
  if (ready) execve(argv[0], argv, environment);
  _exit(127);
}

// ---- a clock that interrupts waiting ----

class Ticks {
 public:
  Ticks() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(kTickSignal, &action, nullptr);  // without SA_RESTART: waitpid returns
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kTickSignal;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
      throw std::runtime_error("cannot make a timer");
    }
    const itimerspec every{{0, kQuietNanoseconds}, {0, kQuietNanoseconds}};
    timer_settime(timer_, 0, &every, nullptr);
  }
  ~Ticks() { timer_delete(timer_); }
  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;

 private:
  timer_t timer_{};
};

// ---- the parent ----

struct Thread {
  bool of_program = false;     // not of something that the program started
  std::optional<Call> result;  // its result is to be told
};

class Session {
 public:
  Session(const TracedProgram& program, Watcher& watcher) : program_(program), watcher_(watcher) {}

  Ending Run() {
    Start();
    const Ticks ticks;
    const auto end = std::chrono::steady_clock::now() + program_.patience;
    bool quiet = false;
    while (!threads_.empty()) {
      int status = 0;
      const pid_t thread = waitpid(-1, &status, __WALL | __WNOTHREAD);
      if (thread > 0) {
        quiet = false;
        Handle(thread, status);
        continue;
      }
      if (errno == ECHILD) break;
      if (std::chrono::steady_clock::now() > end) ending_.timed_out = true;
      if (ending_.timed_out) kill(leader_, SIGKILL);
      if (quiet && !asked_to_end_ && !ending_.killed && watcher_.WhenQuiet()) {
        asked_to_end_ = true;
        kill(leader_, SIGTERM);
      }
      quiet = true;
    }
    return ending_;
  }

 private:
  void Start() {
    std::vector<std::string> words = program_.argv;
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    leader_ = fork();
    if (leader_ == 0) Become(program_, argv.data());
    int status = 0;
    const bool stopped = leader_ > 0 && waitpid(leader_, &status, __WALL) == leader_ &&
                         WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP;
    constexpr long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                              PTRACE_O_TRACEVFORK | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
                              PTRACE_O_TRACEEXEC;
    if (!stopped || ptrace(PTRACE_SETOPTIONS, leader_, nullptr, kOptions) != 0) {
      throw std::runtime_error(
          "this machine does not let us trace a program of our own: ptrace is forbidden here");
    }
    threads_[leader_].of_program = true;
    Continue(leader_, PTRACE_CONT);
  }

  // A thread that was killed meanwhile cannot be continued, and its end is reported later.
  static void Continue(pid_t thread, __ptrace_request how, int signal = 0) {
    ptrace(how, thread, nullptr, static_cast<long>(signal));
  }

  Thread& Known(pid_t thread) {
    const auto known = threads_.find(thread);
    if (known != threads_.end()) return known->second;
    Thread& fresh = threads_[thread];
    fresh.of_program = ProcessOf(thread) == leader_;
    return fresh;
  }

  static pid_t ProcessOf(pid_t thread) {
    std::ifstream status("/proc/" + std::to_string(thread) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("Tgid:", 0) == 0) return static_cast<pid_t>(std::stol(line.substr(5)));
    }
    return -1;
  }

  void Handle(pid_t thread, int status) {
    if (!WIFSTOPPED(status)) {
      if (thread == leader_) {
        ending_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
      threads_.erase(thread);
      return;
    }
    const bool is_new = threads_.find(thread) == threads_.end();
    Thread& known = Known(thread);
    const int event = status >> 16;
    const int signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_SECCOMP) {
      BeforeCall(thread, known);
    } else if (event != 0 || (is_new && signal == SIGSTOP)) {
      Continue(thread, PTRACE_CONT);
    } else if (signal == (SIGTRAP | 0x80)) {
      AfterCall(thread, known);
    } else {
      Continue(thread, PTRACE_CONT, signal);
    }
  }

  void BeforeCall(pid_t thread, Thread& known) {
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
    Call call;
    call.thread = thread;
    call.number = static_cast<long>(info.seccomp.nr);
    for (std::size_t i = 0; i < call.arguments.size(); ++i)
      call.arguments[i] = info.seccomp.args[i];
    if (call.number == SYS_prctl && call.arguments[0] == PR_SET_DUMPABLE) {
      Refuse(thread, 0);
      return Continue(thread, PTRACE_CONT);
    }
    if (!known.of_program || ending_.killed) return Continue(thread, PTRACE_CONT);
    const Answer answer = watcher_.BeforeCall(call);
    switch (answer.kind) {
      case Answer::Kind::kKill:
        ending_.killed = true;
        kill(leader_, SIGKILL);
        return;
      case Answer::Kind::kTellResult:
        known.result = call;
        return Continue(thread, PTRACE_SYSCALL);
      case Answer::Kind::kRefuse:
        Refuse(thread, answer.result);
        break;
      case Answer::Kind::kChange:
        Change(thread, answer);
        known.result = call;
        return Continue(thread, PTRACE_SYSCALL);
      case Answer::Kind::kCarryOut:
        break;
    }
    Continue(thread, PTRACE_CONT);
  }

  void AfterCall(pid_t thread, Thread& known) {
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
    if (known.result && info.op == PTRACE_SYSCALL_INFO_EXIT) {
      watcher_.AfterCall(*known.result, static_cast<long>(info.exit.rval));
    }
    known.result.reset();
    Continue(thread, PTRACE_CONT);
  }

  // A call with number -1 is skipped and returns what the register holds.
  static void Refuse(pid_t thread, long result) {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
    registers.orig_rax = static_cast<unsigned long long>(-1);
    registers.rax = static_cast<unsigned long long>(result);
    ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
  }

  static void Change(pid_t thread, const Answer& answer) {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
    if (answer.index == 1) registers.rsi = answer.argument;
    if (answer.index == 2) registers.rdx = answer.argument;
    ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
  }

  const TracedProgram& program_;
  Watcher& watcher_;
  pid_t leader_ = -1;
  std::map<pid_t, Thread> threads_;
  bool asked_to_end_ = false;
  Ending ending_;
};

}  // namespace

Ending Trace(const TracedProgram& program, Watcher& watcher) {
  return Session(program, watcher).Run();
}

std::string ReadMemory(pid_t thread, std::uint64_t address, std::size_t limit) {
  std::string bytes(limit, '\0');
  const iovec here{bytes.data(), bytes.size()};
  const iovec there{reinterpret_cast<void*>(address), limit};
  const ssize_t size = process_vm_readv(thread, &here, 1, &there, 1, 0);
  bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return bytes;
}

std::string ReadPath(pid_t thread, std::uint64_t address) {
  // Not across a page boundary at once: the next page may not be there.
  constexpr std::uint64_t kPage = 4096;
  std::string path;
  while (path.size() < kPage) {
    const std::string part = ReadMemory(thread, address, kPage - address % kPage);
    if (part.empty()) return path;
    path += part;
    const std::size_t end = path.find('\0');
    if (end != std::string::npos) return path.substr(0, end);
    address += part.size();
  }
  return path;
}

std::string DescriptorTarget(pid_t thread, std::uint64_t descriptor) {
  const std::string link =
      "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(static_cast<int>(descriptor));
  std::array<char, 512> target{};
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  return size < 0 ? "" : std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace tokenwarden::crash
