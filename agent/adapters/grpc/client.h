// Client: what the command line asks of a running agent, over its gRPC address.
//
// Blocking, one call at a time per object from any thread. Answers are the same views that the
// agent itself works with; no answer holds a value. Proxies from the environment are never used.
//
// Errors: kUnavailable `agent_unreachable` (nobody answers at the address; the message names it),
// kPermissionDenied `socket_permission` / `peer_refused` (this user may not talk to the agent),
// kInvalidArgument `bad_address`, kDeadlineExceeded `timeout`; everything else is the agent's own
// error with its kind, reason, message and action unchanged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/time.h"
#include "agent/ports/agent_api.h"

namespace tokenwarden::grpc_adapter {

// The agent itself.
struct AgentInfo {
  std::string version;
  std::optional<Instant> started_at;
  std::uint64_t revision = 0;
  std::vector<HealthProblem> liveness_problems;
  std::vector<HealthProblem> readiness_problems;
  std::vector<HealthProblem> startup_problems;
};

struct ClientOptions {
  // `unix:///run/tokenwarden/agent.sock` or `127.0.0.1:port`.
  std::string address;
  // For each call. A renewal may need the issuer's whole patience: give `refresh` a minute.
  std::chrono::milliseconds timeout{10000};
};

class Client {
 public:
  // Tries the address at once, so that a wrong one fails here with a sentence.
  static Result<std::unique_ptr<Client>> Connect(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // All of them, ordered by name, however many pages that takes.
  Result<std::vector<TokenView>> List(const TokenSelector& selector);
  Result<TokenView> Get(const std::string& name);
  Result<TokenView> Check(const std::string& name);
  Result<TokenView> Refresh(const std::string& name);
  Result<TokenView> Submit(SubmitRequest request);
  Result<TokenView> Rollback(const std::string& name);
  Result<TokenView> Sync(const std::string& name);
  Result<Explanation> Explain(const std::string& name);
  Status Reload();
  Result<AgentInfo> GetInfo();
  // grpc.health.v1 Check. "" = ready; also `readiness`, `liveness`.
  Result<bool> IsServing(const std::string& service = "");

 private:
  struct Parts;
  explicit Client(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tokenwarden::grpc_adapter
