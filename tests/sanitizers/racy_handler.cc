// A gRPC service whose handler counts without a lock, called by two clients at once:
// ThreadSanitizer must see it although gRPC itself is not instrumented
// (tests/sanitizers/tsan_grpc.cc). With
// --guarded it counts under a lock, and nothing may be seen.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"

namespace {

namespace health = grpc::health::v1;

class Counting : public health::Health::CallbackService {
 public:
  explicit Counting(bool guarded) : guarded_(guarded) {}
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const health::HealthCheckRequest*,
                                  health::HealthCheckResponse*) override {
    std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
    if (guarded_) lock.lock();
    ++calls_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  int calls() const { return calls_; }

 private:
  const bool guarded_;
  std::mutex mutex_;
  int calls_ = 0;
};

void CallOften(const std::string& address) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const auto stub = health::Health::NewStub(channel);
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    health::HealthCheckResponse response;
    (void)stub->Check(&context, {}, &response);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Counting service(argc > 1 && std::strcmp(argv[1], "--guarded") == 0);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  std::thread first(CallOften, address);
  std::thread second(CallOften, address);
  first.join();
  second.join();
  server->Shutdown();
  std::printf("%d calls served\n", service.calls());
}
