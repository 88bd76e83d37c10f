// HealthService: grpc.health.v1 over AgentApi's own judgement.
//
// Our own rather than gRPC's built-in one, which says SERVING from construction, knows only what it
// is told, and repeats itself to watchers. Names: "", `readiness` and the full service names mean
// ready; `liveness` means live.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/adapters/grpc/unary_call.h"
#include "agent/ports/agent_api.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace tokenwarden::grpc_adapter {

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  HealthService(AgentApi& api, const CallRoom& reads) : api_(api), reads_(reads) {}

  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext*, const Request*, Response*) override;
  grpc::ServerWriteReactor<Response>* Watch(grpc::CallbackServerContext*, const Request*) override;

  // Looks again, soon, and tells watchers what changed. Does nothing while nobody watches.
  void LookAgain();
  // NOT_SERVING for everything, and the end of every watch.
  void Stop();

 private:
  class Watcher;
  Response::ServingStatus StatusOf(const std::string& service);
  void TellWatchers();

  AgentApi& api_;
  const CallRoom reads_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Watcher>> watchers_;
  bool look_queued_ = false;
  bool stopped_ = false;
};

}  // namespace tokenwarden::grpc_adapter
