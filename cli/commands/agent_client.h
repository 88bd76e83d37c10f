// AgentClient: what the commands ask of a running agent. Blocking; errors as the agent gave them,
// and kUnavailable `agent_unreachable` when nobody answers.
#pragma once

#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/ports/agent_api.h"

namespace tokenwarden::cli {

class AgentClient {
 public:
  virtual ~AgentClient() = default;
  virtual Result<std::vector<TokenView>> List() = 0;
  virtual Result<TokenView> Refresh(const std::string& name) = 0;
  virtual Result<TokenView> Submit(SubmitRequest request) = 0;
  virtual Result<TokenView> Rollback(const std::string& name) = 0;
  virtual Result<TokenView> Sync(const std::string& name) = 0;
  virtual Result<Explanation> Explain(const std::string& name) = 0;
};

}  // namespace tokenwarden::cli
