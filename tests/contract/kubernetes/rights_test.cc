// What the adapter needs of RBAC on a real API server: the Role that the chart makes is enough, and
// without any one verb of it something stops working and says which.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iterator>
#include <mutex>

#include "tests/contract/kubernetes/cluster.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/integration/stage.h"

namespace tokenwarden {
namespace {

using std::chrono::steady_clock;

// What the chart is told; its Role names what this refers to.
constexpr char kValues[] = R"(
fullnameOverride: agent
replicaCount: 2
stateKey: {existingSecret: agent-key}
config:
  state: {kubernetes: {secret: state}}
  credentials:
    - name: whatsapp
      meta: {app_id: "100000000000001", app_secret: {kubernetes: app#here}, kind: any}
      source: {kubernetes: bot#token}
      sinks: [{kubernetes: bot#token}]
      notify: [{kubernetes_rollout: {deployment: bot}}]
)";

std::string Rendered(const std::string& name_space) {
  it::TemporaryDirectory room;
  const it::Finished done = it::RunProgram(
      {{it::Tool("helm"), "template", "agent",
        std::string(TOKENWARDEN_SOURCE_DIR) + "/charts/tokenwarden", "--namespace", name_space,
        "--values", room.Write("values.yaml", kValues), "--show-only", "templates/rbac.yaml",
        "--show-only", "templates/serviceaccount.yaml", "--show-only", "templates/leases.yaml"},
       {"HOME=" + room.path()},
       "",
       ""});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return done.out;
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
  std::string PublishAnew() {
    corner.Kubectl({"delete", "secret", "bot", "--ignore-not-found"});
    return Publish();
  }
  std::string ReadOwn() {
    return Reason(connection->Resolve({SecretRef::Kind::kKubernetes, "app", "here"}));
  }
  std::string Read() {
    return Reason(connection->Resolve({SecretRef::Kind::kKubernetes, "bot", "here"}));
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

class ShippedRole : public testing::Test {
 protected:
  ShippedRole() {
    corner_.Edit("app", "here", "value");
    corner_.Edit("bot", "here", "value");
    corner_.Must({"create", "deployment", "bot", "--image=registry.test/bot"});
    corner_.Must({"apply", "-f", "-"}, Rendered(corner_.name()));
    account_ = Cluster().KubeconfigFor(Cluster().TokenOf(corner_.name(), "agent"));
    role_ = nlohmann::json::parse(corner_.Must({"get", "role", "agent", "-o", "json"}));
  }

  // Rules reach the authorizer a moment after they were written, so it is tried until it is so.
  void Expect(Part part, const std::string& expected, const std::string& what) {
    std::string reason;
    EXPECT_TRUE(
        it::Eventually([&] { return (reason = (Agent(corner_, account_).*part)()) == expected; },
                       std::chrono::seconds(15)))
        << what << ": " << reason;
  }
  void SetRules(const nlohmann::json& rules) {
    nlohmann::json role = role_;
    role["rules"] = rules;
    role["metadata"].erase("resourceVersion");
    corner_.Must({"replace", "-f", "-"}, role.dump());
  }

  Corner corner_;
  std::string account_;
  nlohmann::json role_;
};

TEST_F(ShippedRole, IsEnoughForEverything) {
  for (Part part : {&Agent::Publish, &Agent::PublishAnew, &Agent::ReadOwn, &Agent::Watch,
                    &Agent::Documents, &Agent::Lease, &Agent::Record, &Agent::RollOut}) {
    Expect(part, "fine", "with all of it");
  }
}

TEST_F(ShippedRole, NamesWhatItAllowsAndAllowsNeitherListNorDelete) {
  for (const nlohmann::json& rule : role_["rules"]) {
    EXPECT_TRUE(rule["resources"][0] == "events" || rule.contains("resourceNames")) << rule;
    for (const std::string verb : rule["verbs"]) {
      EXPECT_TRUE(verb != "list" && verb != "delete" && verb != "*") << rule;
    }
  }
}

struct Need {
  std::string resource;
  std::string name;
  std::string verb;
  Part stops;  // without it
  std::string reason = "forbidden";
};

const Need kNeeds[] = {
    {"secrets", "app", "get", &Agent::ReadOwn},
    {"secrets", "bot", "get", &Agent::Read},
    {"secrets", "bot", "patch", &Agent::Publish},
    {"secrets", "bot", "create", &Agent::PublishAnew, "forbidden_create"},
    {"secrets", "bot", "watch", &Agent::Watch},
    {"secrets", "state", "get", &Agent::Documents},
    {"secrets", "state", "patch", &Agent::Documents},
    {"secrets", "state", "create", &Agent::Documents, "forbidden_create"},
    {"leases", "agent-0", "get", &Agent::Lease},
    {"leases", "agent-0", "update", &Agent::Lease},
    {"events", "", "create", &Agent::Record},
    {"deployments", "bot", "get", &Agent::RollOut},
    {"deployments", "bot", "patch", &Agent::RollOut},
};

const Need* NeedFor(const nlohmann::json& rule, const std::string& verb) {
  const std::string name = rule.contains("resourceNames") ? rule["resourceNames"][0] : "";
  for (const Need& need : kNeeds) {
    if (rule["resources"][0] == need.resource && name == need.name && verb == need.verb) {
      return &need;
    }
  }
  return nullptr;
}

TEST_F(ShippedRole, StopsSomethingWithoutAnyOneOfItsVerbs) {
  std::size_t tried = 0;
  for (std::size_t i = 0; i < role_["rules"].size(); ++i) {
    for (const std::string verb : role_["rules"][i]["verbs"]) {
      const Need* need = NeedFor(role_["rules"][i], verb);
      ASSERT_NE(need, nullptr) << "nobody would miss " << verb << " of " << role_["rules"][i];
      nlohmann::json rules = role_["rules"];
      nlohmann::json& verbs = rules[i]["verbs"];
      verbs.erase(std::find(verbs.begin(), verbs.end(), verb));
      if (verbs.empty()) rules.erase(i);
      SetRules(rules);
      Expect(need->stops, need->reason,
             "without " + verb + " of " + need->resource + " " + need->name);
      ++tried;
    }
  }
  EXPECT_EQ(tried, std::size(kNeeds));
}

TEST(Rights, ToCreateAreNotNeededForASecretThatExists) {
  Corner corner;
  corner.Edit("bot", "here", "value");
  const std::string account =
      corner.AccountWith({"apiGroups: [\"\"], resources: [secrets], resourceNames: [bot, missing], "
                          "verbs: [get, patch]"});
  const auto connection = corner.Connect(account);
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

TEST(Rights, ToCreateMakeALeaseThatDoesNotExistByItsName) {
  Corner corner;
  const std::string account =
      corner.AccountWith({"apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: "
                          "[agent-0], verbs: [get, update, create]"});
  std::string reason;
  EXPECT_TRUE(it::Eventually([&] { return (reason = Agent(corner, account).Lease()) == "fine"; },
                             std::chrono::seconds(15)))
      << reason;
}

}  // namespace
}  // namespace tokenwarden
