// AgentApi: what the outside may ask of a running agent. Implemented by the application layer,
// called by the gRPC and HTTP adapters. Thread-safe. Views hold no values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/refresh_policy.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/core/select.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"
#include "agent/ports/state_store.h"

namespace tokenwarden {

struct TokenView {
  std::string name;
  std::string tenant;
  std::string provider;
  std::map<std::string, std::string> labels;
  CredentialState state;
  Deadline deadline;
  std::optional<Instant> renewal_due_at;
  std::optional<Instant> next_look_at;
  std::vector<SinkSpec> sinks;
  // Sinks that do not hold the current generation, and when each is tried next.
  struct SinkRetry {
    std::string target;
    Instant at{};

    bool operator==(const SinkRetry&) const = default;
  };
  std::vector<SinkRetry> sink_retries;
  // Another replica acts on it: what is shown here is what was known when it was last ours.
  bool held_elsewhere = false;
};

struct Explanation {
  TokenView token;
  Decision decision;
  struct Line {
    std::string rule;
    std::string answer;  // `silent`, or the decision's action and sentence
  };
  std::vector<Line> chain;
  std::optional<Rotation> rotation;  // the latest one
  std::string rotation_next;         // a sentence: what happens with it next
};

struct SubmitRequest {
  std::string name;
  Secret value;
  std::string accept_worse_reason;  // not empty: an operator accepts a worse value, and says why
  // Take the candidate that was refused and kept aside; there is no `value` then.
  bool kept_aside = false;
};

// One thing that keeps the agent from being ready, live or started.
struct HealthProblem {
  std::string credential;  // empty = the agent itself
  std::string reason;
  std::string sentence;
};

// How the scheduler is doing, for metrics.
struct AgentVitals {
  std::optional<Instant> scheduler_pass_at;  // when it last looked for due work
  std::size_t renewals_waiting = 0;
  std::size_t renewals_running = 0;
};

class AgentApi {
 public:
  virtual ~AgentApi() = default;
  virtual std::vector<TokenView> List(const TokenSelector& selector) const = 0;
  // The same, one at a time and without a copy of all of them: for ten thousand credentials.
  virtual void ForEach(const TokenSelector& selector,
                       const std::function<void(const TokenView&)>& visit) const {
    for (const TokenView& view : List(selector)) visit(view);
  }
  virtual Result<TokenView> Get(const std::string& name) const = 0;
  // Asks the issuer now and waits for the answer.
  virtual Result<TokenView> Check(const std::string& name) = 0;
  // Renews now and waits until the new value is current (or refused).
  virtual Result<TokenView> Refresh(const std::string& name) = 0;
  virtual Result<TokenView> Submit(SubmitRequest request) = 0;
  // Proves the previous value and makes it current again.
  virtual Result<TokenView> Rollback(const std::string& name) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_rollback",
                     "this agent cannot roll " + name + " back");
  }
  // Publishes the current value to every sink again, also to one that drifted under `alarm`.
  virtual Result<TokenView> Sync(const std::string& name) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_sync",
                     "this agent cannot publish " + name + " again");
  }
  virtual Result<Explanation> Explain(const std::string& name) const = 0;
  virtual Status Reload() = 0;

  virtual std::vector<HealthProblem> LivenessProblems() const = 0;
  virtual std::vector<HealthProblem> ReadinessProblems() const = 0;
  virtual std::vector<HealthProblem> StartupProblems() const = 0;

  virtual AgentVitals Vitals() const { return {}; }

  // Increases with every change that a view or a metric could show.
  virtual std::uint64_t Revision() const = 0;
};

}  // namespace tokenwarden
