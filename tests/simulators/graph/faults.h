// Scripted faults: which request is hit, and what happens to it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulators/graph/errors.h"
#include "tests/simulators/graph/http_message.h"

namespace tokenwarden::graph_simulator {

struct Fault {
  int id = 0;
  std::string path = "*";                    // pattern, matched with and without the version
  std::string method;                        // empty = any
  std::map<std::string, std::string> where;  // parameters that must have these values
  int nth = 0;    // only from the n-th matching call on; 0 = from the first
  int every = 1;  // and of those each k-th
  int times = 0;  // so often; 0 = without end
  std::string kind;
  bool commits = false;  // the request does its work before the fault plays
  Json detail = Json::object();
  int seen = 0;
  int fired = 0;
};

// What a fault may use to build its answer.
struct FaultContext {
  const Knobs& knobs;
  TokenMint& mint;
};

struct FaultKind {
  std::string_view word;
  bool commits;
  std::string_view sentence;
  void (*play)(const Json& detail, const FaultContext& context, Reply& reply);
};
const std::vector<FaultKind>& FaultKinds();

class FaultScript {
 public:
  int Add(const Json& description);  // returns its id; throws std::invalid_argument
  // The first fault that is due for this request; counts the request for all that match.
  std::optional<Fault> Take(const Request& request);
  void Clear() { faults_.clear(); }
  Json List() const;

 private:
  std::vector<Fault> faults_;
  int last_id_ = 0;
};

void Play(const Fault& fault, const FaultContext& context, Reply& reply);

}  // namespace tokenwarden::graph_simulator
