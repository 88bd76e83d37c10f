// A server on a socket in a directory of its own, with a FakeAgentApi behind it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/adapters/grpc/client.h"
#include "agent/adapters/grpc/server.h"
#include "tests/fakes/fake_agent_api.h"

namespace tokenwarden::grpc_adapter {

inline const Instant kNow = FromUnix(1795168800);

class Heard : public EventListener {
 public:
  void On(const Event& event) noexcept override {
    std::lock_guard<std::mutex> lock(mutex_);
    events_.push_back(event);
  }
  std::vector<Event> events() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

class GrpcFixture : public testing::Test {
 protected:
  GrpcFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "twgrpcXXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    api_.SetTokens({FullTokenView("whatsapp", kNow), FullTokenView("second", kNow)});
  }
  ~GrpcFixture() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string path() const { return directory_ + "/agent.sock"; }
  ServerOptions Options() const {
    ServerOptions options;
    options.listen = "unix://" + path();
    options.version = "1.2.3";
    options.started_at = kNow;
    return options;
  }
  void StartServer() { StartServer(Options()); }
  void StartServer(ServerOptions options) {
    auto started = Server::Start(api_, &heard_, std::move(options));
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  std::unique_ptr<Client> Connect(std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    auto client = Client::Connect({server_->address(), timeout});
    EXPECT_TRUE(client) << client.error().message;
    return client ? std::move(*client) : nullptr;
  }

  std::string directory_;
  FakeAgentApi api_;
  Heard heard_;
  std::unique_ptr<Server> server_;
};

}  // namespace tokenwarden::grpc_adapter
