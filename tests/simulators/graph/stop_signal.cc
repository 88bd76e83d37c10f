#include "tests/simulators/graph/stop_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

namespace tokenwarden::graph_simulator {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

StopSignal::StopSignal() : event_(eventfd(0, EFD_CLOEXEC)) {}

StopSignal::~StopSignal() { close(event_); }

void StopSignal::Raise() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
}

bool StopSignal::Sleep(int milliseconds) const {
  const auto end = SteadyClock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
    pollfd wait{event_, POLLIN, 0};
    const int ready = poll(&wait, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) return false;
    if (ready == 0) return true;
    if (errno != EINTR) return false;
  }
}

bool StopSignal::WaitForHangup(int socket) const {
  for (;;) {
    pollfd waits[2] = {{event_, POLLIN, 0}, {socket, POLLRDHUP, 0}};
    const int ready = poll(waits, 2, -1);
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && waits[0].revents == 0;
  }
}

}  // namespace tokenwarden::graph_simulator
