// A process by a handle that cannot come to mean another process (pidfd_open(2), Linux 5.3).
#pragma once

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <utility>

namespace tokenwarden::notify {

class Pidfd {
 public:
  // Not open, with errno, when there is no such process or no such system call.
  explicit Pidfd(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))) {}
  Pidfd(const Pidfd&) = delete;
  ~Pidfd() {
    if (fd_ >= 0) ::close(fd_);
  }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // As kill(2), with errno.
  bool Send(int signal) const {
    return ::syscall(SYS_pidfd_send_signal, fd_, signal, nullptr, 0U) == 0;
  }

 private:
  const int fd_;
};

}  // namespace tokenwarden::notify
