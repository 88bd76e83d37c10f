#include "agent/adapters/grpc/server.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <utility>

#include "agent/adapters/grpc/acceptor.h"
#include "agent/adapters/grpc/health_service.h"
#include "agent/adapters/grpc/quiet_idle.h"
#include "agent/adapters/grpc/token_service.h"

namespace tokenwarden::grpc_adapter {
namespace {

constexpr int kLargestRequest = 1 << 20;
constexpr int kStreamsPerConnection = 100;
constexpr std::size_t kMostWaitingCalls = 256;

}  // namespace

struct Server::Parts {
  Parts(AgentApi& api, EventListener* listener, const ServerOptions& options)
      : read_pool(1, kMostWaitingCalls),
        wait_pool(static_cast<std::size_t>(options.workers), kMostWaitingCalls),
        reads{read_pool, listener, options.longest_call},
        waits{wait_pool, listener, options.longest_call},
        tokens(api, reads, waits),
        agent(api, reads, waits, options.version, options.started_at),
        health(api, reads) {}

  WorkerPool read_pool;
  WorkerPool wait_pool;
  CallRoom reads;
  CallRoom waits;
  TokenServiceImpl tokens;
  AgentServiceImpl agent;
  HealthService health;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> entrance;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Acceptor> acceptor;
  std::string address;
  std::once_flag shut_down;
};

Result<std::unique_ptr<Server>> Server::Start(AgentApi& api, EventListener* listener,
                                              ServerOptions options) {
  SleepWhileIdle();
  const Result<Address> address = ParseAddress(options.listen);
  if (!address) return tl::unexpected<Error>(address.error());
  Result<ListeningSocket> socket = ListeningSocket::Open(*address, options.socket_mode);
  if (!socket) return tl::unexpected<Error>(socket.error());

  auto parts = std::make_unique<Parts>(api, listener, options);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.RegisterService(&parts->tokens);
  builder.RegisterService(&parts->agent);
  builder.RegisterService(&parts->health);
  // Connections come from our own socket; who may open one was decided there.
  parts->entrance = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr) {
    return MakeError(ErrorKind::kInternal, "grpc_start_failed",
                     "cannot start the gRPC service on " + address->Text(),
                     "set GRPC_VERBOSITY=debug to see why");
  }
  parts->address = socket->address().Text();
  Acceptor::Rules rules{std::move(options.allowed_uids), options.own_uid, options.max_connections};
  const auto take = [entrance = parts->entrance.get()](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    entrance->HandleNewConnection(&connection);
  };
  parts->acceptor = std::make_unique<Acceptor>(std::move(*socket), std::move(rules), take);
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { Shutdown(); }

const std::string& Server::address() const { return parts_->address; }

void Server::On(const Event& event) noexcept {
  // Every call served is an event too; a look per health check would never end.
  if (event.kind == Event::Kind::kRpcServed) return;
  parts_->health.LookAgain();
}

void Server::Shutdown(std::chrono::milliseconds grace) {
  std::call_once(parts_->shut_down, [&] {
    parts_->acceptor.reset();
    parts_->health.Stop();
    parts_->server->Shutdown(std::chrono::system_clock::now() + grace);
    parts_->wait_pool.Stop();
    parts_->read_pool.Stop();
  });
}

}  // namespace tokenwarden::grpc_adapter
