#include "agent/adapters/grpc/health_service.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace tokenwarden::grpc_adapter {
namespace {

using Response = HealthService::Response;
constexpr std::size_t kMostWatchers = 32;

constexpr std::string_view kReadinessNames[] = {"", "readiness", "tokenwarden.v1.TokenService",
                                                "tokenwarden.v1.AgentService"};

bool MeansReadiness(std::string_view service) {
  return std::find(std::begin(kReadinessNames), std::end(kReadinessNames), service) !=
         std::end(kReadinessNames);
}

}  // namespace

// A stream with room for one message: a slow reader sees the newest status, not every one.
class HealthService::Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  explicit Watcher(std::string service) : service_(std::move(service)) {}

  // The reactor keeps the watcher alive until gRPC is done with it.
  grpc::ServerWriteReactor<Response>* MakeReactor() {
    reactor_ = new Reactor(shared_from_this());
    return reactor_;
  }
  const std::string& service() const { return service_; }

  void Tell(Response::ServingStatus status) {
    std::lock_guard lock(mutex_);
    if (reactor_ == nullptr || end_ || (last_ && *last_ == status)) return;
    last_ = status;
    if (writing_) {
      dirty_ = true;
    } else {
      Write();
    }
  }

  // After what was told: a message on its way would be lost with the stream.
  void Finish(const grpc::Status& status) {
    std::lock_guard lock(mutex_);
    if (reactor_ == nullptr || end_) return;
    end_ = status;
    if (!writing_) End();
  }

  bool finished() {
    std::lock_guard lock(mutex_);
    return reactor_ == nullptr;
  }

 private:
  class Reactor : public grpc::ServerWriteReactor<Response> {
   public:
    explicit Reactor(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}
    void OnWriteDone(bool ok) override { watcher_->Written(ok); }
    void OnCancel() override { watcher_->Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    std::shared_ptr<Watcher> watcher_;
  };

  void Write() {
    message_.set_status(*last_);
    writing_ = true;
    dirty_ = false;
    reactor_->StartWrite(&message_);
  }

  void Written(bool ok) {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok && !end_) end_ = grpc::Status::CANCELLED;
    if (ok && dirty_) {
      Write();
    } else if (end_) {
      End();
    }
  }

  void End() { std::exchange(reactor_, nullptr)->Finish(*end_); }

  const std::string service_;
  std::mutex mutex_;
  Reactor* reactor_ = nullptr;  // null: finished
  Response message_;            // stays until OnWriteDone
  std::optional<Response::ServingStatus> last_;
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool dirty_ = false;
};

Response::ServingStatus HealthService::StatusOf(const std::string& service) {
  const bool ready = MeansReadiness(service);
  if (!ready && service != "liveness") return Response::SERVICE_UNKNOWN;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return Response::NOT_SERVING;
  }
  const bool well = ready ? api_.ReadinessProblems().empty() : api_.LivenessProblems().empty();
  return well ? Response::SERVING : Response::NOT_SERVING;
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const Request* request, Response* out) {
  return UnaryCall<Response>::Begin(reads_, "HealthCheck", context, out,
                                    [this, service = request->service()]() -> Result<Response> {
                                      Response response;
                                      response.set_status(StatusOf(service));
                                      if (response.status() == Response::SERVICE_UNKNOWN) {
                                        return MakeError(
                                            ErrorKind::kNotFound, "no_such_service",
                                            "there is no service of that name to ask the health of",
                                            "ask for \"\", readiness or liveness");
                                      }
                                      return response;
                                    });
}

grpc::ServerWriteReactor<Response>* HealthService::Watch(grpc::CallbackServerContext*,
                                                         const Request* request) {
  auto watcher = std::make_shared<Watcher>(request->service());
  auto* reactor = watcher->MakeReactor();
  bool admitted = false;
  {
    std::lock_guard lock(mutex_);
    const auto gone = [](const std::shared_ptr<Watcher>& one) { return one->finished(); };
    watchers_.erase(std::remove_if(watchers_.begin(), watchers_.end(), gone), watchers_.end());
    admitted = !stopped_ && watchers_.size() < kMostWatchers;
    if (admitted) watchers_.push_back(watcher);
  }
  if (admitted) {
    LookAgain();
  } else {
    watcher->Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "the agent is stopping or has too many health watchers already"));
  }
  return reactor;
}

void HealthService::LookAgain() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || look_queued_ || watchers_.empty()) return;
    look_queued_ = true;
  }
  if (reads_.pool.Run([this] { TellWatchers(); })) return;
  std::lock_guard lock(mutex_);
  look_queued_ = false;
}

void HealthService::TellWatchers() {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    std::lock_guard lock(mutex_);
    look_queued_ = false;  // what happens from here on asks for another look
    watchers = watchers_;
  }
  for (const auto& watcher : watchers) watcher->Tell(StatusOf(watcher->service()));
}

void HealthService::Stop() {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    watchers.swap(watchers_);
  }
  for (const auto& watcher : watchers) {
    watcher->Tell(Response::NOT_SERVING);
    watcher->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the agent is stopping"));
  }
}

}  // namespace tokenwarden::grpc_adapter
