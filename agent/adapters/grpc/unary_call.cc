#include "agent/adapters/grpc/unary_call.h"

namespace tokenwarden::grpc_adapter {

void ReportServed(EventListener* listener, const char* method, grpc::StatusCode code,
                  std::chrono::steady_clock::time_point since) {
  if (listener == nullptr) return;
  Event event;
  event.kind = Event::Kind::kRpcServed;
  event.level = LogLevel::kDebug;
  event.message = "call served";
  event.endpoint = method;
  event.reason = NameOf(code);
  event.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - since);
  listener->On(event);
}

}  // namespace tokenwarden::grpc_adapter
