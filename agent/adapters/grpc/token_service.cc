#include "agent/adapters/grpc/token_service.h"

#include <map>

#include "agent/adapters/grpc/convert.h"

namespace tokenwarden::grpc_adapter {
namespace {

constexpr std::size_t kDefaultPage = 200;
constexpr std::size_t kLargestPage = 1000;

template <typename Response>
Result<Response> TokenAnswer(const Result<TokenView>& view) {
  if (!view) return tl::unexpected<Error>(view.error());
  Response response;
  ToProto(*view, response.mutable_token());
  return response;
}

std::size_t PageSize(int wanted) {
  if (wanted <= 0) return kDefaultPage;
  return std::min(static_cast<std::size_t>(wanted), kLargestPage);
}

// The page after the name in `token`: holds one page at a time however many credentials there are.
v1::ListTokensResponse Page(const AgentApi& api, const TokenSelector& selector, std::size_t size,
                            const std::string& after) {
  std::map<std::string, v1::Token> page;
  bool more = false;
  api.ForEach(selector, [&](const TokenView& view) {
    if (!after.empty() && view.name <= after) return;
    if (page.size() == size) {
      more = true;
      if (view.name > page.rbegin()->first) return;
      page.erase(std::prev(page.end()));
    }
    ToProto(view, &page[view.name]);
  });
  v1::ListTokensResponse response;
  for (auto& entry : page) response.add_tokens()->Swap(&entry.second);
  if (more) response.set_next_page_token(page.rbegin()->first);
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* TokenServiceImpl::ListTokens(Context* context,
                                                       const v1::ListTokensRequest* request,
                                                       v1::ListTokensResponse* out) {
  TokenSelector selector;
  selector.name = request->name();
  selector.tenant = request->tenant();
  selector.labels = {request->labels().begin(), request->labels().end()};
  return UnaryCall<v1::ListTokensResponse>::Begin(
      reads_, "ListTokens", context, out,
      [&api = api_, selector, size = PageSize(request->page_size()),
       after = request->page_token()]() -> Result<v1::ListTokensResponse> {
        return Page(api, selector, size, after);
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::GetToken(Context* context,
                                                     const v1::GetTokenRequest* request,
                                                     v1::GetTokenResponse* out) {
  return UnaryCall<v1::GetTokenResponse>::Begin(
      reads_, "GetToken", context, out, [&api = api_, name = request->name()] {
        return TokenAnswer<v1::GetTokenResponse>(api.Get(name));
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::CheckToken(Context* context,
                                                       const v1::CheckTokenRequest* request,
                                                       v1::CheckTokenResponse* out) {
  return UnaryCall<v1::CheckTokenResponse>::Begin(
      waits_, "CheckToken", context, out, [&api = api_, name = request->name()] {
        return TokenAnswer<v1::CheckTokenResponse>(api.Check(name));
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::RefreshToken(Context* context,
                                                         const v1::RefreshTokenRequest* request,
                                                         v1::RefreshTokenResponse* out) {
  return UnaryCall<v1::RefreshTokenResponse>::Begin(
      waits_, "RefreshToken", context, out, [&api = api_, name = request->name()] {
        return TokenAnswer<v1::RefreshTokenResponse>(api.Refresh(name));
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::SubmitToken(Context* context,
                                                        const v1::SubmitTokenRequest* request,
                                                        v1::SubmitTokenResponse* out) {
  // gRPC made the message and lets nobody else see it; taking the value out of it wipes it there.
  auto* message = const_cast<v1::SubmitTokenRequest*>(request);
  auto submit = std::make_shared<SubmitRequest>();
  submit->name = request->name();
  submit->value = Secret::TakeFrom(*message->mutable_value());
  submit->accept_worse_reason = request->accept_worse_reason();
  submit->kept_aside = request->kept_aside();
  return UnaryCall<v1::SubmitTokenResponse>::Begin(
      waits_, "SubmitToken", context, out, [&api = api_, submit] {
        return TokenAnswer<v1::SubmitTokenResponse>(api.Submit(std::move(*submit)));
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::RollbackToken(Context* context,
                                                          const v1::RollbackTokenRequest* request,
                                                          v1::RollbackTokenResponse* out) {
  return UnaryCall<v1::RollbackTokenResponse>::Begin(
      waits_, "RollbackToken", context, out, [&api = api_, name = request->name()] {
        return TokenAnswer<v1::RollbackTokenResponse>(api.Rollback(name));
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::SyncToken(Context* context,
                                                      const v1::SyncTokenRequest* request,
                                                      v1::SyncTokenResponse* out) {
  return UnaryCall<v1::SyncTokenResponse>::Begin(
      waits_, "SyncToken", context, out, [&api = api_, name = request->name()] {
        return TokenAnswer<v1::SyncTokenResponse>(api.Sync(name));
      });
}

grpc::ServerUnaryReactor* TokenServiceImpl::ExplainToken(Context* context,
                                                         const v1::ExplainTokenRequest* request,
                                                         v1::ExplainTokenResponse* out) {
  return UnaryCall<v1::ExplainTokenResponse>::Begin(
      reads_, "ExplainToken", context, out,
      [&api = api_, name = request->name()]() -> Result<v1::ExplainTokenResponse> {
        const Result<Explanation> explanation = api.Explain(name);
        if (!explanation) return tl::unexpected<Error>(explanation.error());
        v1::ExplainTokenResponse response;
        ToProto(*explanation, &response);
        return response;
      });
}

grpc::ServerUnaryReactor* AgentServiceImpl::GetInfo(grpc::CallbackServerContext* context,
                                                    const v1::GetInfoRequest*,
                                                    v1::GetInfoResponse* out) {
  return UnaryCall<v1::GetInfoResponse>::Begin(
      reads_, "GetInfo", context, out, [this]() -> Result<v1::GetInfoResponse> {
        v1::GetInfoResponse response;
        response.set_version(version_);
        TimeToProto(started_at_, response.mutable_started_at());
        response.set_revision(api_.Revision());
        for (const auto& problem : api_.LivenessProblems()) {
          ToProto(problem, response.add_liveness_problems());
        }
        for (const auto& problem : api_.ReadinessProblems()) {
          ToProto(problem, response.add_readiness_problems());
        }
        for (const auto& problem : api_.StartupProblems()) {
          ToProto(problem, response.add_startup_problems());
        }
        return response;
      });
}

grpc::ServerUnaryReactor* AgentServiceImpl::Reload(grpc::CallbackServerContext* context,
                                                   const v1::ReloadRequest*,
                                                   v1::ReloadResponse* out) {
  return UnaryCall<v1::ReloadResponse>::Begin(waits_, "Reload", context, out,
                                              [&api = api_]() -> Result<v1::ReloadResponse> {
                                                const Status status = api.Reload();
                                                if (!status) {
                                                  return tl::unexpected<Error>(status.error());
                                                }
                                                return v1::ReloadResponse();
                                              });
}

}  // namespace tokenwarden::grpc_adapter
