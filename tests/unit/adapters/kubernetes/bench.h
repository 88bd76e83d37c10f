// What most tests of this room need: an API server in memory, time that stands still, a connection.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "agent/adapters/kubernetes/client.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_places.h"
#include "tests/fakes/kube_api/fake_api_server.h"

namespace tokenwarden::kubernetes {

inline constexpr Instant kStart{Seconds{1795168800}};  // 2026-11-20T10:00:00Z

inline Connection ConnectionAs(std::unique_ptr<Identity> identity) {
  Connection connection;
  connection.server = "https://kube.test";
  connection.default_namespace = "default";
  connection.identity = std::move(identity);
  return connection;
}

inline std::string FakeBearer() { return "fake-bearer-of-a-test"; }

struct Bench {
  FakeApiServer api;
  FakeClock clock{kStart};
  tokenwarden::EventRecorder heard;
  Client client{ConnectionAs(MakeTokenIdentity(Secret(FakeBearer()))), api, clock};
};

// Waits for something that happens on another thread.
inline bool Eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

inline std::string SecretPath(const std::string& name) {
  return "/api/v1/namespaces/default/secrets/" + name;
}
inline std::string LeasePath(const std::string& name) {
  return "/apis/coordination.k8s.io/v1/namespaces/default/leases/" + name;
}

}  // namespace tokenwarden::kubernetes
