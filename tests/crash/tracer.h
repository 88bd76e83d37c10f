// Tracer: runs a program and stops it at every system call of every thread, before it is carried
// out.
//
// A seccomp filter in the child reports the calls (SECCOMP_RET_TRACE), so that only calls cost
// something. The program itself is the one that is shipped. One exception: its wish not to be
// dumpable is answered with success and not carried out, so that another user than root can look
// at it. Linux on x86-64.
//
// Sources: ptrace(2), seccomp(2).
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tokenwarden::crash {

// A system call that is about to happen.
struct Call {
  pid_t thread = 0;
  long number = 0;
  std::array<std::uint64_t, 6> arguments{};
};

struct Answer {
  enum class Kind {
    kCarryOut,
    kTellResult,  // carry it out and call AfterCall()
    kKill,        // end the program here, before the call
    kRefuse,      // do not carry it out; it returns `result`, such as -ENOSPC
    kChange,      // carry it out with `argument` in place of argument number `index`
  };
  Kind kind = Kind::kCarryOut;
  long result = 0;
  int index = 0;
  std::uint64_t argument = 0;
};

class Watcher {
 public:
  virtual ~Watcher() = default;
  // Only calls of the program itself, not of what it starts.
  virtual Answer BeforeCall(const Call& call) = 0;
  virtual void AfterCall(const Call& call, long result) = 0;
  // Nothing happened for a while. True: the program is asked to end (SIGTERM).
  virtual bool WhenQuiet() { return false; }
};

struct TracedProgram {
  std::vector<std::string> argv;  // argv[0] is a path
  std::string directory;
  std::string output;  // file for standard output and error
  std::chrono::seconds patience{120};
};

struct Ending {
  bool killed = false;     // by an answer
  bool timed_out = false;  // killed because it did not end in time
  int exit_code = -1;      // 128 + signal when a signal ended it
};

// Runs to the end. Used by one thread at a time; several threads may each run one. The calling
// thread must have no other children. Throws std::runtime_error when tracing is not possible here.
Ending Trace(const TracedProgram& program, Watcher& watcher);

// ---- what a call is about; the thread must be stopped in it ----

// The text at an address of the thread, up to `limit` bytes; empty when it cannot be read.
std::string ReadMemory(pid_t thread, std::uint64_t address, std::size_t limit);
std::string ReadPath(pid_t thread, std::uint64_t address);
// What a descriptor of the thread is: a path, `socket:[…]`, …
std::string DescriptorTarget(pid_t thread, std::uint64_t descriptor);

}  // namespace tokenwarden::crash
