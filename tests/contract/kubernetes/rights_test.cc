// What the adapter needs of RBAC on a real API server: these rules are enough, and without any one
// verb of them something stops working and says which.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>

#include "tests/contract/kubernetes/cluster.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/integration/stage.h"

namespace tokenwarden {
namespace {

using std::chrono::steady_clock;

struct Rule {
  std::string group;
  std::string resource;
  std::string name;  // empty: no single one can be named
  std::vector<std::string> verbs;
};

// Of an agent that uses everything; the Secret `bot` exists, the others need not.
std::vector<Rule> AllRules() {
  return {
      {"", "secrets", "bot", {"get", "patch", "watch"}},
      {"", "secrets", "state", {"get", "patch", "create"}},
      {"coordination.k8s.io", "leases", "agent-0", {"get", "update", "create"}},
      {"events.k8s.io", "events", "", {"create"}},
      {"apps", "deployments", "bot", {"get", "patch"}},
  };
}

std::string YamlOf(const Rule& rule) {
  std::string verbs;
  for (const std::string& verb : rule.verbs) verbs += (verbs.empty() ? "" : ", ") + verb;
  const std::string names = rule.name.empty() ? "" : ", resourceNames: [" + rule.name + "]";
  return "apiGroups: [\"" + rule.group + "\"], resources: [" + rule.resource + "]" + names +
         ", verbs: [" + verbs + "]";
}

std::vector<std::string> YamlOf(const std::vector<Rule>& rules) {
  std::vector<std::string> yaml;
  for (const Rule& rule : rules) {
    if (!rule.verbs.empty()) yaml.push_back(YamlOf(rule));
  }
  return yaml;
}

class Heard : public EventListener {
 public:
  void On(const Event& event) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    reasons_ += event.reason + " ";
  }
  bool Has(const std::string& reason) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return reasons_.find(reason) != std::string::npos;
  }

 private:
  mutable std::mutex mutex_;
  std::string reasons_;
};

// One agent's connection, and why what it tried was refused; `fine` when it was not.
struct Agent {
  explicit Agent(Corner& corner_in, const std::string& kubeconfig) : corner(corner_in) {
    kubernetes::Options options;
    options.events = &heard;
    options.environment = [](const char* name) -> const char* {
      return std::string(name) == "POD_NAME" ? "agent-pod" : nullptr;
    };
    connection = corner.Connect(kubeconfig, options);
  }

  template <typename Outcome>
  static std::string Reason(const Outcome& outcome) {
    return outcome ? "fine" : outcome.error().reason;
  }
  // Until it is there, or a refusal has been told.
  std::string Await(const std::function<bool()>& there) {
    bool is_there = false;
    it::Eventually([&] { return (is_there = there()) || heard.Has("forbidden"); },
                   std::chrono::seconds(10));
    return is_there ? "fine" : heard.Has("forbidden") ? "forbidden" : "nothing happened";
  }

  std::string Publish() {
    PublishMarker marker;
    marker.credential = "whatsapp";
    marker.generation = static_cast<Generation>(++round);
    auto sink = connection->MakeSink(SinkAt("bot", "token", Drift::kRepair)).value();
    return Reason(sink->Publish(Secret("value-" + std::to_string(round)), marker));
  }
  std::string Read() {
    const SecretRef ref{SecretRef::Kind::kKubernetes, "bot", "here"};
    return Reason(connection->Resolve(ref));
  }
  std::string Watch() {
    std::atomic<int> told{0};
    const auto watcher = connection->MakeWatcher();
    EXPECT_TRUE(watcher->Watch(SinkKind::kKubernetes, "bot", [&told] { ++told; }));
    const std::string reason = Await([&] { return told > 0; });
    watcher->Stop();
    return reason;
  }
  std::string Documents() {
    corner.Kubectl({"delete", "secret", "state", "--ignore-not-found"});
    auto documents = connection->MakeDocumentStore("state").value();
    return Reason(documents->Write("whatsapp", "bytes", std::nullopt));
  }
  std::string Lease() {
    corner.Kubectl({"delete", "lease", "agent-0", "--ignore-not-found"});
    LeaseSpec spec;
    spec.name = "agent";
    spec.duration = Seconds(2);
    auto leases = connection->MakeLeaseCoordinator(spec, {}).value();
    leases->Start();
    const std::string reason = Await([&] { return leases->EpochOf("whatsapp").has_value(); });
    leases->Stop();
    return reason;
  }
  std::string Record() {
    Event event;
    event.kind = Event::Kind::kStateChanged;
    event.message = "the state changed";
    event.credential = "whatsapp";
    event.reason = "try-" + std::to_string(++round);
    const auto recorder = connection->MakeEventRecorder();
    recorder->On(event);
    const std::string reason = Await([&] {
      return corner.Must({"get", "events"}).find(event.reason) != std::string::npos;
    });
    recorder->Stop();
    return reason;
  }
  std::string RollOut() {
    NotifySpec spec;
    spec.workload = "deployment/bot";
    spec.min_interval = Seconds(0);
    const std::string fingerprint =
        "hmac:" + std::to_string(steady_clock::now().time_since_epoch().count());
    return Reason(
        connection->MakeRolloutNotifier()->Notify(spec, Notice{"whatsapp", "", 1, {fingerprint}}));
  }

  Corner& corner;
  Heard heard;
  std::unique_ptr<kubernetes::Kubernetes> connection;
  int round = 0;
};

using Part = std::string (Agent::*)();

class Rights : public testing::Test {
 protected:
  Rights() {
    corner_.Edit("bot", "here", "value");
    corner_.Must({"create", "deployment", "bot", "--image=registry.test/bot"});
  }

  // Rules reach the authorizer a moment after they were written, so it is tried until it is so.
  void Expect(Part part, const std::vector<Rule>& rules, const std::string& expected,
              const std::string& what) {
    const std::string account = corner_.AccountWith(YamlOf(rules));
    std::string reason;
    EXPECT_TRUE(
        it::Eventually([&] { return (reason = (Agent(corner_, account).*part)()) == expected; },
                       std::chrono::seconds(15)))
        << what << ": " << reason;
  }

  Corner corner_;
};

constexpr Part kParts[] = {&Agent::Publish, &Agent::Read,   &Agent::Watch,  &Agent::Documents,
                           &Agent::Lease,   &Agent::Record, &Agent::RollOut};

TEST_F(Rights, OfOneNarrowRoleAreEnoughForEverything) {
  for (Part part : kParts) Expect(part, AllRules(), "fine", "with all of them");
}

struct Removal {
  std::size_t rule;
  std::string verb;
  Part stops;
  std::string reason;
};

TEST_F(Rights, AreAllNeeded) {
  const std::vector<Removal> removals = {
      {0, "get", &Agent::Read, "forbidden"},
      {0, "patch", &Agent::Publish, "forbidden"},
      {0, "watch", &Agent::Watch, "forbidden"},
      {1, "get", &Agent::Documents, "forbidden"},
      {1, "patch", &Agent::Documents, "forbidden"},
      {1, "create", &Agent::Documents, "forbidden_create"},
      {2, "get", &Agent::Lease, "forbidden"},
      {2, "update", &Agent::Lease, "forbidden"},
      {2, "create", &Agent::Lease, "forbidden"},
      {3, "create", &Agent::Record, "forbidden"},
      {4, "get", &Agent::RollOut, "forbidden"},
      {4, "patch", &Agent::RollOut, "forbidden"},
  };
  std::size_t verbs = 0;
  for (const Rule& rule : AllRules()) verbs += rule.verbs.size();
  ASSERT_EQ(removals.size(), verbs) << "a verb that nobody would miss";
  for (const Removal& removal : removals) {
    std::vector<Rule> rules = AllRules();
    Rule& rule = rules[removal.rule];
    rule.verbs.erase(std::remove(rule.verbs.begin(), rule.verbs.end(), removal.verb),
                     rule.verbs.end());
    Expect(removal.stops, rules, removal.reason,
           "without " + removal.verb + " on " + rule.resource + " " + rule.name);
  }
}

TEST_F(Rights, ToCreateAreNotNeededForASecretThatExists) {
  const std::string account =
      corner_.AccountWith({YamlOf(Rule{"", "secrets", "bot", {"get", "patch"}}),
                           YamlOf(Rule{"", "secrets", "missing", {"get", "patch"}})});
  const auto connection = corner_.Connect(account);
  PublishMarker marker;
  marker.credential = "whatsapp";
  const auto publish = [&](const std::string& place) {
    auto sink = connection->MakeSink(SinkAt(place, "token", Drift::kRepair)).value();
    return sink->Publish(Secret("value"), marker);
  };
  EXPECT_TRUE(it::Eventually([&] { return publish("bot").has_value(); }, std::chrono::seconds(5)));
  const Result<PublishReport> missing = publish("missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, "forbidden_create");
  EXPECT_NE(missing.error().action.find("--verb=create --resource=secrets --resource-name=missing"),
            std::string::npos)
      << missing.error().action;
}

}  // namespace
}  // namespace tokenwarden
