#include "agent/adapters/grpc/client.h"

#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/adapters/grpc/convert.h"
#include "agent/adapters/grpc/error_mapping.h"
#include "agent/adapters/grpc/listening_socket.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tokenwarden/v1/agent_service.grpc.pb.h"
#include "tokenwarden/v1/token_service.grpc.pb.h"

namespace tokenwarden::grpc_adapter {
namespace {

constexpr char kStartAgent[] = "start tokenwarden-agent, or name its address (grpc.listen)";

Error CannotConnect(const Address& address, int problem) {
  const std::string what = "cannot talk to the agent at " + address.Text() + ": ";
  if (problem == EACCES || problem == EPERM) {
    return {ErrorKind::kPermissionDenied, "socket_permission",
            what + "this user may not open its socket", "run as the agent's user or as root"};
  }
  if (problem == ENOENT) {
    return {ErrorKind::kUnavailable, "agent_unreachable", what + "there is no such socket",
            kStartAgent};
  }
  if (problem == ECONNREFUSED) {
    return {ErrorKind::kUnavailable, "agent_unreachable", what + "nobody listens there",
            kStartAgent};
  }
  return {ErrorKind::kUnavailable, "agent_unreachable",
          what + std::generic_category().message(problem), kStartAgent};
}

// An agent that does not want us hangs up before it has said a word; a willing one speaks first, as
// HTTP/2 servers do.
bool HangsUpAtOnce(const Address& address) {
  const auto fd = ConnectTo(address);
  if (!fd) return false;
  pollfd readable{fd->get(), POLLIN, 0};
  constexpr int kPatienceMilliseconds = 500;
  if (poll(&readable, 1, kPatienceMilliseconds) <= 0) return false;
  char byte = 0;
  return recv(fd->get(), &byte, 1, 0) <= 0;
}

}  // namespace

struct Client::Parts {
  Parts(const ClientOptions& client_options, Address parsed,
        const std::shared_ptr<grpc::Channel>& channel)
      : options(client_options),
        address(std::move(parsed)),
        tokens(v1::TokenService::NewStub(channel)),
        agent(v1::AgentService::NewStub(channel)),
        health(grpc::health::v1::Health::NewStub(channel)) {}

  const ClientOptions options;
  const Address address;
  const std::unique_ptr<v1::TokenService::Stub> tokens;
  const std::unique_ptr<v1::AgentService::Stub> agent;
  const std::unique_ptr<grpc::health::v1::Health::Stub> health;

  // One blocking call of a stub's method.
  template <typename Stub, typename Request, typename Response>
  Result<Response> Call(Stub& stub,
                        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + options.timeout);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    return tl::unexpected<Error>(Explain(status));
  }

  Error Explain(const grpc::Status& status) const {
    if (!status.error_details().empty()) return FromGrpcStatus(status);
    const std::string what = "the agent at " + address.Text();
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return {ErrorKind::kDeadlineExceeded, "timeout",
              what + " did not answer within " + std::to_string(options.timeout.count()) + " ms",
              "try again with a longer --timeout; the agent's log says what it waits for"};
    }
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return ExplainUnavailable();
    Error error = FromGrpcStatus(status);
    error.message = what + " refused the call: " + error.message;
    return error;
  }

  Error ExplainUnavailable() const {
    const auto fd = ConnectTo(address);
    if (!fd) return CannotConnect(address, fd.error());
    if (address.is_unix() && HangsUpAtOnce(address)) {
      return {ErrorKind::kPermissionDenied, "peer_refused",
              "the agent at " + address.Text() + " hung up on this user",
              "run as the agent's user or as root"};
    }
    return {ErrorKind::kUnavailable, "agent_unreachable",
            "the connection to the agent at " + address.Text() + " was lost", "try again"};
  }
};

Client::Client(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Connect(ClientOptions options) {
  const Result<Address> address = ParseAddress(options.address);
  if (!address) return tl::unexpected<Error>(address.error());
  if (const auto fd = ConnectTo(*address); !fd) {
    return tl::unexpected<Error>(CannotConnect(*address, fd.error()));
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, 64 << 20);
  const std::string target = address->is_unix() ? "unix://" + address->path : address->Text();
  const auto channel =
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  return std::unique_ptr<Client>(new Client(std::make_unique<Parts>(options, *address, channel)));
}

namespace {

template <typename Response>
Result<TokenView> TokenOf(const Result<Response>& response) {
  if (!response) return tl::unexpected<Error>(response.error());
  return FromProto(response->token());
}

template <typename Request>
Request Named(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

}  // namespace

Result<std::vector<TokenView>> Client::List(const TokenSelector& selector) {
  v1::ListTokensRequest request;
  request.set_name(selector.name);
  request.set_tenant(selector.tenant);
  request.mutable_labels()->insert(selector.labels.begin(), selector.labels.end());
  request.set_page_size(1000);
  std::vector<TokenView> views;
  do {
    auto page = parts_->Call(*parts_->tokens, &v1::TokenService::Stub::ListTokens, request);
    if (!page) return tl::unexpected<Error>(page.error());
    for (const v1::Token& token : page->tokens()) views.push_back(FromProto(token));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return views;
}

Result<TokenView> Client::Get(const std::string& name) {
  return TokenOf(parts_->Call(*parts_->tokens, &v1::TokenService::Stub::GetToken,
                              Named<v1::GetTokenRequest>(name)));
}

Result<TokenView> Client::Check(const std::string& name) {
  return TokenOf(parts_->Call(*parts_->tokens, &v1::TokenService::Stub::CheckToken,
                              Named<v1::CheckTokenRequest>(name)));
}

Result<TokenView> Client::Refresh(const std::string& name) {
  return TokenOf(parts_->Call(*parts_->tokens, &v1::TokenService::Stub::RefreshToken,
                              Named<v1::RefreshTokenRequest>(name)));
}

Result<TokenView> Client::Submit(SubmitRequest request) {
  auto message = Named<v1::SubmitTokenRequest>(request.name);
  const std::string_view value = request.value.Reveal();
  message.set_value(value.data(), value.size());
  message.set_accept_worse_reason(request.accept_worse_reason);
  message.set_kept_aside(request.kept_aside);
  auto response = parts_->Call(*parts_->tokens, &v1::TokenService::Stub::SubmitToken, message);
  WipeString(*message.mutable_value());
  return TokenOf(response);
}

Result<TokenView> Client::Rollback(const std::string& name) {
  return TokenOf(parts_->Call(*parts_->tokens, &v1::TokenService::Stub::RollbackToken,
                              Named<v1::RollbackTokenRequest>(name)));
}

Result<TokenView> Client::Sync(const std::string& name) {
  return TokenOf(parts_->Call(*parts_->tokens, &v1::TokenService::Stub::SyncToken,
                              Named<v1::SyncTokenRequest>(name)));
}

Result<Explanation> Client::Explain(const std::string& name) {
  auto response = parts_->Call(*parts_->tokens, &v1::TokenService::Stub::ExplainToken,
                               Named<v1::ExplainTokenRequest>(name));
  if (!response) return tl::unexpected<Error>(response.error());
  return FromProto(*response);
}

Status Client::Reload() {
  auto response =
      parts_->Call(*parts_->agent, &v1::AgentService::Stub::Reload, v1::ReloadRequest());
  if (!response) return tl::unexpected<Error>(response.error());
  return {};
}

Result<AgentInfo> Client::GetInfo() {
  auto response =
      parts_->Call(*parts_->agent, &v1::AgentService::Stub::GetInfo, v1::GetInfoRequest());
  if (!response) return tl::unexpected<Error>(response.error());
  AgentInfo info;
  info.version = response->version();
  if (response->has_started_at()) info.started_at = TimeFromProto(response->started_at());
  info.revision = response->revision();
  for (const auto& one : response->liveness_problems()) {
    info.liveness_problems.push_back(FromProto(one));
  }
  for (const auto& one : response->readiness_problems()) {
    info.readiness_problems.push_back(FromProto(one));
  }
  for (const auto& one : response->startup_problems()) {
    info.startup_problems.push_back(FromProto(one));
  }
  return info;
}

Result<bool> Client::IsServing(const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  auto response = parts_->Call(*parts_->health, &grpc::health::v1::Health::Stub::Check, request);
  if (!response) return tl::unexpected<Error>(response.error());
  return response->status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

}  // namespace tokenwarden::grpc_adapter
