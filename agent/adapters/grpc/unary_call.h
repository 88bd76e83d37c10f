// UnaryCall: one call whose answer is worked out on a WorkerPool, never on gRPC's threads.
//
// Whoever is first ends it: the work, the caller's cancellation, or the time limit. gRPC frees
// request and response when the call ends, so work gets its own copy of what it needs and the
// answer is moved in under a lock.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "agent/adapters/grpc/error_mapping.h"
#include "agent/adapters/grpc/worker_pool.h"
#include "agent/core/result.h"
#include "agent/ports/event_listener.h"

namespace tokenwarden::grpc_adapter {

// What every call needs. Outlives all calls.
struct CallRoom {
  WorkerPool& pool;
  EventListener* listener;  // may be null
  std::chrono::milliseconds longest;
};

void ReportServed(EventListener* listener, const char* method, grpc::StatusCode code,
                  std::chrono::steady_clock::time_point since);

template <typename Response>
class UnaryCall : public std::enable_shared_from_this<UnaryCall<Response>> {
 public:
  using Work = std::function<Result<Response>()>;

  // The reactor to return from the handler. `method` is a literal.
  static grpc::ServerUnaryReactor* Begin(const CallRoom& room, const char* method,
                                         grpc::CallbackServerContext* context, Response* out,
                                         Work work) {
    auto call = std::make_shared<UnaryCall>(room, method, out);
    auto* reactor = new Reactor(call);
    call->reactor_ = reactor;
    call->SetLimit(context->deadline());
    const bool queued = room.pool.Run([call, work = std::move(work)]() mutable {
      if (call->ended()) return;  // nobody waits for it any more
      Result<Response> result = work();
      if (result) {
        call->End(grpc::Status::OK, &*result);
      } else {
        call->End(ToGrpcStatus(result.error()), nullptr);
      }
    });
    if (!queued) call->End(ToGrpcStatus(TooManyCalls()), nullptr);
    return reactor;
  }

  UnaryCall(const CallRoom& room, const char* method, Response* out)
      : room_(room), method_(method), since_(std::chrono::steady_clock::now()), out_(out) {}

 private:
  class Reactor : public grpc::ServerUnaryReactor {
   public:
    explicit Reactor(std::shared_ptr<UnaryCall> call) : call_(std::move(call)) {}
    // Without a Finish here a server could never shut down.
    void OnCancel() override {
      const std::shared_ptr<UnaryCall> call = call_;
      call->End(grpc::Status(grpc::StatusCode::CANCELLED, "the caller stopped waiting"), nullptr);
    }
    void OnDone() override { delete this; }

   private:
    std::shared_ptr<UnaryCall> call_;
  };

  static Error TooManyCalls() {
    return {ErrorKind::kResourceExhausted, "too_many_calls",
            "the agent has too many calls waiting already", "try again in a moment"};
  }

  void SetLimit(std::chrono::system_clock::time_point deadline) {
    const auto limit = std::chrono::system_clock::now() + room_.longest;
    if (deadline <= limit) return;  // gRPC itself cancels it then
    // Weak: the alarm keeps its callback for as long as it lives, and it lives in the call.
    alarm_.Set(limit, [weak = this->weak_from_this()](bool reached) {
      const std::shared_ptr<UnaryCall> call = reached ? weak.lock() : nullptr;
      if (call == nullptr) return;
      call->End(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                             "the call took longer than the agent allows"),
                nullptr);
    });
  }

  bool ended() {
    std::lock_guard lock(mutex_);
    return reactor_ == nullptr;
  }

  void End(const grpc::Status& status, Response* answer) {
    {
      std::lock_guard lock(mutex_);
      if (reactor_ == nullptr) return;
      if (answer != nullptr) out_->Swap(answer);
      // Before the reactor ends: whoever sees the answer can rely on it having been reported.
      ReportServed(room_.listener, method_, status.error_code(), since_);
      std::exchange(reactor_, nullptr)->Finish(status);
    }
    alarm_.Cancel();
  }

  const CallRoom room_;
  const char* const method_;
  const std::chrono::steady_clock::time_point since_;
  grpc::Alarm alarm_;
  std::mutex mutex_;
  Response* out_;
  Reactor* reactor_ = nullptr;  // null: ended
};

}  // namespace tokenwarden::grpc_adapter
