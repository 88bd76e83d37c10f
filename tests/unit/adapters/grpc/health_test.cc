#include <grpcpp/grpcpp.h>

#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/unit/adapters/grpc/grpc_fixture.h"

namespace tokenwarden::grpc_adapter {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class GrpcHealth : public GrpcFixture {
 protected:
  std::unique_ptr<Health::Stub> Stub() {
    return Health::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }
  static HealthCheckRequest Asking(const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    return request;
  }
  static std::vector<HealthProblem> Problem() {
    return {{"", "draining", "the agent is stopping"}};
  }
};

TEST_F(GrpcHealth, SaysServingExactlyWhenTheAgentIsReady) {
  StartServer();
  const auto client = Connect();
  EXPECT_TRUE(*client->IsServing(""));
  EXPECT_TRUE(*client->IsServing("tokenwarden.v1.TokenService"));
  api_.SetReadinessProblems(Problem());
  EXPECT_FALSE(*client->IsServing(""));
  EXPECT_FALSE(*client->IsServing("readiness"));
  EXPECT_TRUE(*client->IsServing("liveness"));
  api_.SetReadinessProblems({});
  api_.SetLivenessProblems(Problem());
  EXPECT_TRUE(*client->IsServing(""));
  EXPECT_FALSE(*client->IsServing("liveness"));
}

TEST_F(GrpcHealth, KnowsNoOtherServices) {
  StartServer();
  const auto answer = Connect()->IsServing("whatsapp");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kNotFound);
}

TEST_F(GrpcHealth, TellsWatchersEachChangeOnce) {
  StartServer();
  const auto stub = Stub();
  grpc::ClientContext context;
  const auto stream = stub->Watch(&context, Asking(""));
  HealthCheckResponse message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.status(), HealthCheckResponse::SERVING);
  server_->On(Event());  // nothing changed: no message
  api_.SetReadinessProblems(Problem());
  server_->On(Event());
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.status(), HealthCheckResponse::NOT_SERVING);
  api_.SetReadinessProblems({});
  server_->On(Event());
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.status(), HealthCheckResponse::SERVING);
  context.TryCancel();
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GrpcHealth, WatchesAnUnknownServiceWithoutAnError) {
  StartServer();
  const auto stub = Stub();
  grpc::ClientContext context;
  const auto stream = stub->Watch(&context, Asking("whatsapp"));
  HealthCheckResponse message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
}

TEST_F(GrpcHealth, EndsWatchesQuicklyOnShutdown) {
  StartServer();
  const auto stub = Stub();
  grpc::ClientContext context;
  const auto stream = stub->Watch(&context, Asking(""));
  HealthCheckResponse message;
  ASSERT_TRUE(stream->Read(&message));
  const auto begin = std::chrono::steady_clock::now();
  server_->Shutdown();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(message.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GrpcHealth, RefusesWatchersBeyondItsLimit) {
  StartServer();
  const auto stub = Stub();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>> streams;
  HealthCheckResponse message;
  for (int i = 0; i < 32; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub->Watch(contexts.back().get(), Asking("")));
    ASSERT_TRUE(streams.back()->Read(&message));
  }
  grpc::ClientContext context;
  const auto one_too_many = stub->Watch(&context, Asking(""));
  EXPECT_FALSE(one_too_many->Read(&message));
  EXPECT_EQ(one_too_many->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& each : contexts) each->TryCancel();
}

}  // namespace
}  // namespace tokenwarden::grpc_adapter
