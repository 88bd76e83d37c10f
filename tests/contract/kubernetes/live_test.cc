// What goes on over time against a real API server: watches, Leases, Events, rollouts, restarts.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "tests/contract/kubernetes/cluster.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/integration/stage.h"

namespace tokenwarden {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{20};

class Live : public testing::Test {
 protected:
  // Until the callback has been called once more than it had been.
  static bool Hears(const std::atomic<int>& told, int before) {
    return it::Eventually([&] { return told > before; }, kPatience);
  }
  Result<PublishReport> Publish(kubernetes::Kubernetes& connection, const std::string& value,
                                Generation generation, std::uint64_t epoch) {
    PublishMarker marker;
    marker.credential = "whatsapp";
    marker.generation = generation;
    marker.epoch = epoch;
    return connection.MakeSink(SinkAt("bot", "token", Drift::kRepair))
        .value()
        ->Publish(Secret(value), marker);
  }

  Corner corner_;
  std::unique_ptr<kubernetes::Kubernetes> connection_ = corner_.Connect();
};

TEST_F(Live, AHandEditIsHeardAtOnceAndOurOwnWriteNotAtAll) {
  std::atomic<int> told{0};
  corner_.Edit("bot", "token", "first");
  const auto watcher = connection_->MakeWatcher();
  ASSERT_TRUE(watcher->Watch(SinkKind::kKubernetes, "bot", [&told] { ++told; }));
  ASSERT_TRUE(Hears(told, 0));
  ASSERT_TRUE(Publish(*connection_, "ours", 1, 0));
  const int before = told;
  const auto started = steady_clock::now();
  corner_.Edit("bot", "token", "pasted");
  ASSERT_TRUE(Hears(told, before));
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - started);
  std::printf("hand edit heard after %lld ms, kubectl included\n",
              static_cast<long long>(took.count()));
  EXPECT_EQ(told, before + 1);
  watcher->Stop();
}

// The flag of etcd that names where clients reach it; it answers JSON there, too.
std::string EtcdUrl() {
  std::ifstream in("/proc/" + std::to_string(Cluster().etcd().pid()) + "/cmdline");
  const std::string flags(std::istreambuf_iterator<char>(in), {});
  const std::string flag = "--listen-client-urls=";
  const std::size_t start = flags.find(flag) + flag.size();
  return flags.substr(start, flags.find('\0', start) - start);
}

TEST_F(Live, AWatchStartsAnewWhenTheServerHasForgottenWhereItWas) {
  std::atomic<int> told{0};
  corner_.Edit("bot", "token", "first");
  const auto watcher = connection_->MakeWatcher();
  ASSERT_TRUE(watcher->Watch(SinkKind::kKubernetes, "bot", [&told] { ++told; }));
  ASSERT_TRUE(Hears(told, 0));
  for (int i = 0; i < 5; ++i) corner_.Edit("other", "k", std::to_string(i));
  const std::string newest =
      corner_.Must({"get", "secret", "other", "-o", "jsonpath={.metadata.resourceVersion}"});
  HttpRequest compact;
  compact.method = HttpRequest::Method::kPost;
  compact.url = EtcdUrl() + "/v3/kv/compaction";
  compact.body = R"({"revision":")" + newest + R"(","physical":true})";
  compact.content_type = "application/json";
  ASSERT_EQ(corner_.http().Send(compact)->status, 200);
  const int before = told;
  Cluster().KillApiServer();
  Cluster().RestartApiServer();
  EXPECT_TRUE(Hears(told, before)) << "it looks after a gap";
  const int after_gap = told;
  corner_.Edit("bot", "token", "pasted");
  EXPECT_TRUE(Hears(told, after_gap));
}

// The way of one replica to the server, which a test can close: what a stopped process looks like
// to everybody else.
class Gate : public HttpClient {
 public:
  explicit Gate(HttpClient& inner) : inner_(inner) {}
  Result<HttpReply> Send(const HttpRequest& request) override {
    if (closed_) return MakeError(ErrorKind::kUnavailable, "connect", "The gate is closed.");
    ++sent_;
    return inner_.Send(request);
  }
  int sent() const { return sent_; }
  void Close() { closed_ = true; }
  void Open() { closed_ = false; }

 private:
  HttpClient& inner_;
  std::atomic<bool> closed_{false};
  std::atomic<int> sent_{0};
};

std::unique_ptr<kubernetes::Kubernetes> ConnectThrough(Gate& gate, Corner& corner) {
  KubernetesSpec spec;
  spec.kubeconfig = Cluster().kubeconfig();
  spec.default_namespace = corner.name();
  return std::move(kubernetes::Kubernetes::Make(spec, gate, corner.clock(), {}).value());
}

TEST_F(Live, APublishAndItsReadBackAreTwoRequests) {
  Gate gate(corner_.http());
  const auto counted = ConnectThrough(gate, corner_);
  const auto sink = counted->MakeSink(SinkAt("bot", "token", Drift::kRepair)).value();
  std::vector<int> requests;
  for (Generation generation = 1; generation <= 4; ++generation) {
    const int before = gate.sent();
    ASSERT_TRUE(Publish(*counted, "value-" + std::to_string(generation), generation, 0));
    ASSERT_TRUE(sink->Read());
    requests.push_back(gate.sent() - before);
  }
  // The first makes the Secret: a look, the making, the apply, the read-back.
  EXPECT_EQ(requests, (std::vector<int>{4, 2, 2, 2}));
}

// ---- Leases ----

struct Replica {
  Replica(Corner& corner, const std::string& name, int shards)
      : gate(corner.http()), connection(ConnectThrough(gate, corner)) {
    LeaseSpec spec;
    spec.name = "agent";
    spec.shards = shards;
    spec.duration = Seconds(4);  // a busy machine must be able to keep it
    kubernetes::LeaseOptions options;
    options.identity = name;
    options.drain = Seconds(1);
    leases = std::move(connection->MakeLeaseCoordinator(spec, options).value());
    leases->Start();
  }
  std::size_t held() const { return leases->HeldShards().size(); }

  Gate gate;
  std::unique_ptr<kubernetes::Kubernetes> connection;
  std::unique_ptr<kubernetes::LeaseCoordinator> leases;
};

TEST_F(Live, AReplicaThatStoodStillIsFencedFromTheSecret) {
  Replica a(corner_, "a", 1);
  ASSERT_TRUE(it::Eventually([&] { return a.held() == 1; }, kPatience));
  const std::uint64_t old_epoch = *a.leases->EpochOf("whatsapp");
  ASSERT_TRUE(Publish(*a.connection, "first", 1, old_epoch));

  Replica b(corner_, "b", 1);
  a.gate.Close();
  ASSERT_TRUE(it::Eventually([&] { return b.held() == 1; }, kPatience));
  EXPECT_EQ(a.leases->EpochOf("whatsapp"), std::nullopt);
  const std::uint64_t new_epoch = *b.leases->EpochOf("whatsapp");
  EXPECT_GT(new_epoch, old_epoch);
  ASSERT_TRUE(Publish(*b.connection, "newer", 2, new_epoch));

  // What it had begun before it stood still arrives now.
  a.gate.Open();
  const Result<PublishReport> late = Publish(*a.connection, "stale", 3, old_epoch);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, "newer_epoch");
  EXPECT_EQ(corner_.ValueOf("bot", "token"), "newer");
  EXPECT_EQ(corner_.Annotation("secret/bot", "epoch"), std::to_string(new_epoch));
  EXPECT_EQ(corner_.Must({"get", "lease", "agent-0", "-o", "jsonpath={.spec.leaseTransitions}"}),
            std::to_string(new_epoch));
}

TEST_F(Live, ReplicasShareShardsAndTakeThemOverWhenOneLeaves) {
  Replica a(corner_, "a", 2);
  ASSERT_TRUE(it::Eventually([&] { return a.held() == 2; }, kPatience));
  Replica b(corner_, "b", 2);
  EXPECT_TRUE(it::Eventually([&] { return a.held() == 1 && b.held() == 1; }, kPatience));
  a.leases->Stop();
  EXPECT_TRUE(it::Eventually([&] { return b.held() == 2; }, kPatience));
}

TEST_F(Live, EverythingGoesOnAfterARestartOfTheApiServer) {
  std::atomic<int> told{0};
  Replica replica(corner_, "a", 1);
  ASSERT_TRUE(Publish(*connection_, "value-1", 1, 0));
  const auto watcher = connection_->MakeWatcher();
  ASSERT_TRUE(watcher->Watch(SinkKind::kKubernetes, "bot", [&told] { ++told; }));
  ASSERT_TRUE(Hears(told, 0));
  ASSERT_TRUE(it::Eventually([&] { return replica.held() == 1; }, kPatience));

  Cluster().KillApiServer();
  const Result<PublishReport> away = Publish(*connection_, "value-2", 2, 0);
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(it::Eventually([&] { return !replica.leases->EpochOf("whatsapp"); }, kPatience));

  Cluster().RestartApiServer();
  ASSERT_TRUE(Publish(*connection_, "value-2", 2, 0));
  EXPECT_EQ(corner_.ValueOf("bot", "token"), "value-2");
  const int before = told;
  corner_.Edit("bot", "token", "pasted");
  EXPECT_TRUE(Hears(told, before));
  EXPECT_TRUE(
      it::Eventually([&] { return replica.leases->EpochOf("whatsapp").has_value(); }, kPatience));
}

// ---- Events and rollouts ----

TEST_F(Live, ATransitionIsAnEventOfTheSecret) {
  const auto recorder = connection_->MakeEventRecorder();
  Event event;
  event.kind = Event::Kind::kDrifted;
  event.level = LogLevel::kWarn;
  event.message = "a sink no longer holds what was published";
  event.credential = "whatsapp";
  event.sink = "kubernetes";
  event.target = corner_.PlaceOf("bot") + "#token";
  event.reason = "repair";
  recorder->On(event);
  EXPECT_TRUE(it::Eventually(
      [&] {
        const std::string events = corner_.Must({"events", "--for", "secret/bot"});
        return events.find("Drifted") != std::string::npos &&
               events.find("no longer holds") != std::string::npos;
      },
      kPatience));
  recorder->Stop();
}

TEST_F(Live, ARolloutChangesTheTemplateOncePerFingerprint) {
  corner_.Must({"create", "deployment", "bot", "--image=registry.test/bot"});
  const auto generation = [&] {
    return corner_.Must({"get", "deployment", "bot", "-o", "jsonpath={.metadata.generation}"});
  };
  NotifySpec spec;
  spec.workload = "deployment/bot";
  spec.min_interval = Seconds(0);
  const auto rollouts = connection_->MakeRolloutNotifier();
  ASSERT_EQ(generation(), "1");
  ASSERT_TRUE(rollouts->Notify(spec, Notice{"whatsapp", "", 7, {"hmac:of-7"}}));
  EXPECT_EQ(generation(), "2");
  ASSERT_TRUE(rollouts->Notify(spec, Notice{"whatsapp", "", 7, {"hmac:of-7"}}));
  EXPECT_EQ(generation(), "2");
  EXPECT_EQ(corner_.Must({"get", "deployment", "bot", "-o",
                          "jsonpath={.spec.template.metadata.annotations.tokenwarden\\.dev/"
                          "token-fingerprint}"}),
            "whatsapp=hmac:of-7");
  ASSERT_TRUE(rollouts->Notify(spec, Notice{"whatsapp", "", 8, {"hmac:of-8"}}));
  EXPECT_EQ(generation(), "3");
}

}  // namespace
}  // namespace tokenwarden
