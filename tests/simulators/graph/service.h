// The simulated service without its sockets: one request in, one reply out. Thread-safe.
#pragma once

#include <mutex>

#include "tests/simulators/graph/stop_signal.h"
#include "tests/simulators/graph/world.h"

namespace tokenwarden::graph_simulator {

class Service {
 public:
  explicit Service(WorldOptions options) : world_(std::move(options)) {}

  // Blocks for scripted delays that come before the work; ends early when the server stops.
  //
  // Receipt, commit and verdict of a request are journalled in that order, each under the lock; the
  // change itself and its journal entry are one step, so no reader ever sees one without the other.
  Reply Handle(const Request& request, const StopSignal& stop);

  void SetBaseUrl(std::string url);

 private:
  Reply HandleGraph(const Request& request, const StopSignal& stop);
  Reply Work(const Request& request, std::uint64_t number, const std::optional<Fault>& fault);

  std::mutex mutex_;
  World world_;
};

}  // namespace tokenwarden::graph_simulator
