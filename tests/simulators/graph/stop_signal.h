// Lets every wait of the server end at once when it stops.
#pragma once

namespace tokenwarden::graph_simulator {

class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void Raise();
  // Both return false when the server stops. Thread-safe.
  bool Sleep(int milliseconds) const;
  bool WaitForHangup(int socket) const;  // until the peer closes its side

 private:
  int event_;
};

}  // namespace tokenwarden::graph_simulator
