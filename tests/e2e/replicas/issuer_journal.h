// IssuerJournal: the exchanges that the simulated issuer was asked for and carried out, and by
// which agent: each reaches it by a proxy of its own, whose address stands in the request.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/replicas/evidence.h"
#include "tests/integration/stage.h"

namespace tokenwarden::replicas {

class IssuerJournal {
 public:
  // The issuer outlives it.
  explicit IssuerJournal(const it::Simulator& issuer) : issuer_(issuer) {}
  void Know(const std::string& address, const std::string& agent) { agents_[address] = agent; }
  // Reads on; the agents that have an exchange in flight, or had one a moment ago.
  std::vector<std::string> Read();
  const std::vector<Exchange>& exchanges() const { return exchanges_; }

 private:
  const it::Simulator& issuer_;
  std::map<std::string, std::string> agents_;  // by address
  std::uint64_t read_to_ = 0;                  // all up to here are finished
  std::set<std::uint64_t> met_;                // numbers above that were told already
  std::set<std::uint64_t> finished_;
  std::vector<Exchange> exchanges_;
};

}  // namespace tokenwarden::replicas
