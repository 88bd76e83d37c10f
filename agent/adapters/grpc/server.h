// Server: AgentApi over gRPC, with grpc.health.v1, on a Unix socket that this class owns.
//
// The socket is ours rather than gRPC's, because gRPC removes whatever socket is at the path, even
// a live one, knows no peer credentials, and stops accepting for good after one `too many open
// files`. Peers must be the same user, root, or one of `allowed_uids`; others are hung up on.
//
// Calls never block gRPC's threads: what may block runs on a few threads of our own. Thread-safe.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/time.h"
#include "agent/ports/agent_api.h"
#include "agent/ports/event_listener.h"

namespace tokenwarden::grpc_adapter {

struct ServerOptions {
  // `unix:///path`. TCP needs mTLS, which this version does not have; loopback (`127.0.0.1:port`,
  // `[::1]:port`, port 0 = any) is accepted, and there every local user may call.
  std::string listen;
  mode_t socket_mode = 0600;
  std::vector<uid_t> allowed_uids;
  uid_t own_uid = geteuid();  // the user who may always connect, beside root
  std::string version;
  Instant started_at{};
  int workers = 4;           // calls that wait for an issuer at the same time
  int max_connections = 64;  // further ones wait for one of them to close
  // A call that came without a deadline, or with a later one, gets this.
  std::chrono::milliseconds longest_call{120000};
};

// Also an EventListener: what happens may change readiness, and health watchers are told.
class Server : public EventListener {
 public:
  // `api` and `listener` (told of each call served; may be null) outlive the server.
  // Errors: kInvalidArgument `bad_address`, `tcp_needs_mtls`; kFailedPrecondition `address_in_use`
  // (another agent is alive there); kPermissionDenied; kUnavailable `listen_failed`.
  static Result<std::unique_ptr<Server>> Start(AgentApi& api, EventListener* listener,
                                               ServerOptions options);
  ~Server() override;  // Shutdown()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // `unix:///path`, or the TCP address with its real port.
  const std::string& address() const;

  void On(const Event& event) noexcept override;

  // Stops listening, says NOT_SERVING, gives calls in flight the grace, then cancels them. Waits
  // for calls into AgentApi to return: stop the application's own waiting first. Idempotent.
  void Shutdown(std::chrono::milliseconds grace = std::chrono::milliseconds(500));

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tokenwarden::grpc_adapter
