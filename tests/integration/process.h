// Process: one of our programs, run as a user would, with everything it prints kept.
//
// Whatever a program prints is searched for every planted secret (see PlantSecret): a find fails
// the test that is running, whichever it is.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tokenwarden::it {

// From now on no program may print it, in clear, in hex, in base64 or percent-encoded.
void PlantSecret(const std::string& value);
// Fails the running test if `text` holds a planted secret; `where` says whose output it is.
void ExpectNoSecret(const std::string& text, const std::string& where);

struct Finished {
  int exit_code = -1;  // 128 + signal when killed
  std::string out;
  std::string err;
};

class Process {
 public:
  struct Options {
    std::vector<std::string> argv;  // argv[0]: a program of ours, or a path
    std::vector<std::string> env;   // NAME=VALUE, beside PATH
    std::string directory;
    std::string input;
    bool may_print_secrets = false;  // another's tool that is asked for one
  };
  explicit Process(Options options);
  ~Process();  // kills and reaps
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits for a line with `text` on standard output or standard error; false when the program ends
  // or the time runs out.
  bool AwaitOutput(const std::string& text,
                   std::chrono::seconds patience = std::chrono::seconds(20));
  void Signal(int number);
  // Waits for the end.
  Finished Finish(std::chrono::seconds patience = std::chrono::seconds(30));
  std::string out() const;
  std::string err() const;
  pid_t pid() const { return pid_; }

 private:
  void Drain(int fd, std::string& into);

  std::string name_;
  bool may_print_secrets_;
  pid_t pid_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string out_;
  std::string err_;
  int open_pipes_ = 2;
  bool reaped_ = false;
  int exit_code_ = -1;
  std::thread out_reader_;
  std::thread err_reader_;
};

// Runs to the end.
Finished RunProgram(Process::Options options);

// A directory that is removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& content) const;
  std::string Read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace tokenwarden::it
