// What was received, in the order it was received, and what was done about it.
//
// Guarded by the simulator's lock. Values are kept in memory only: tests need them. The file, when
// there is one, holds a short SHA-256 prefix in place of every value that could be a secret.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <string>

#include "tests/simulators/graph/http_message.h"

namespace tokenwarden::graph_simulator {

class Journal {
 public:
  // Throws std::runtime_error when the file cannot be opened. An empty path means: no file.
  explicit Journal(const std::string& file);

  // Before anything is done. Returns the request's number, counted from 1.
  std::uint64_t Receive(const Request& request, std::int64_t now);
  // At the moment the state was changed: `what` is `exchange`, `generate`, `revoke`, …
  // `issued`: the token that was made, or empty.
  void Commit(std::uint64_t number, const std::string& what, const std::string& issued);
  // When the reply is decided. `fault` is the kind of the fault that was played, or empty.
  void Finish(std::uint64_t number, const Reply& reply, const std::string& fault);

  Json Entries(std::uint64_t since) const;  // numbers above `since`
  Json Counts() const;
  void Clear();

 private:
  Json& Entry(std::uint64_t number);
  void WriteLine(const Json& entry);

  std::ofstream file_;
  std::deque<Json> entries_;
  std::uint64_t first_ = 1;     // number of the oldest entry kept
  std::uint64_t received_ = 0;  // since the start: numbers are never used twice
  std::uint64_t requests_ = 0;  // since the last Clear
  std::uint64_t commits_ = 0;
  std::map<std::string, std::uint64_t> by_path_;
  std::map<std::string, std::uint64_t> by_status_;
  std::map<std::string, std::uint64_t> committed_;
  std::map<std::string, std::uint64_t> faults_;
  std::uint64_t exchanges_received_ = 0;
};

}  // namespace tokenwarden::graph_simulator
