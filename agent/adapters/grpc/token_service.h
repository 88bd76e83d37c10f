// The RPCs of tokenwarden.v1, each one call into AgentApi.
#pragma once

#include "agent/adapters/grpc/unary_call.h"
#include "agent/ports/agent_api.h"
#include "tokenwarden/v1/agent_service.grpc.pb.h"
#include "tokenwarden/v1/token_service.grpc.pb.h"

namespace tokenwarden::grpc_adapter {

// `reads` are quick, `waits` may take as long as an issuer does.
class TokenServiceImpl final : public v1::TokenService::CallbackService {
 public:
  TokenServiceImpl(AgentApi& api, const CallRoom& reads, const CallRoom& waits)
      : api_(api), reads_(reads), waits_(waits) {}

  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;
  Reactor* ListTokens(Context*, const v1::ListTokensRequest*, v1::ListTokensResponse*) override;
  Reactor* GetToken(Context*, const v1::GetTokenRequest*, v1::GetTokenResponse*) override;
  Reactor* CheckToken(Context*, const v1::CheckTokenRequest*, v1::CheckTokenResponse*) override;
  Reactor* RefreshToken(Context*, const v1::RefreshTokenRequest*,
                        v1::RefreshTokenResponse*) override;
  Reactor* SubmitToken(Context*, const v1::SubmitTokenRequest*, v1::SubmitTokenResponse*) override;
  Reactor* RollbackToken(Context*, const v1::RollbackTokenRequest*,
                         v1::RollbackTokenResponse*) override;
  Reactor* SyncToken(Context*, const v1::SyncTokenRequest*, v1::SyncTokenResponse*) override;
  Reactor* ExplainToken(Context*, const v1::ExplainTokenRequest*,
                        v1::ExplainTokenResponse*) override;

 private:
  AgentApi& api_;
  const CallRoom reads_;
  const CallRoom waits_;
};

class AgentServiceImpl final : public v1::AgentService::CallbackService {
 public:
  AgentServiceImpl(AgentApi& api, const CallRoom& reads, const CallRoom& waits, std::string version,
                   Instant started_at)
      : api_(api),
        reads_(reads),
        waits_(waits),
        version_(std::move(version)),
        started_at_(started_at) {}

  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext*, const v1::GetInfoRequest*,
                                    v1::GetInfoResponse*) override;
  grpc::ServerUnaryReactor* Reload(grpc::CallbackServerContext*, const v1::ReloadRequest*,
                                   v1::ReloadResponse*) override;

 private:
  AgentApi& api_;
  const CallRoom reads_;
  const CallRoom waits_;
  const std::string version_;
  const Instant started_at_;
};

}  // namespace tokenwarden::grpc_adapter
