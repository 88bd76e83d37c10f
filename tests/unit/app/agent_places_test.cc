// What the agent does beyond one pass: it watches places, and leaves to other replicas what is
// theirs.
#include <gtest/gtest.h>

#include <map>

#include "agent/app/agent.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

class RecordingWatcher : public FileWatcher, public PlaceWatcher {
 public:
  Status Watch(const std::string& path, std::function<void()> changed) override {
    watched_["file " + path] = std::move(changed);
    return {};
  }
  Status Watch(SinkKind kind, const std::string& place, std::function<void()> changed) override {
    if (kind == SinkKind::kVault) {
      return MakeError(ErrorKind::kFailedPrecondition, "not_watchable", "Vault cannot be watched");
    }
    watched_[std::string(ToString(kind)) + " " + place] = std::move(changed);
    return {};
  }
  std::vector<std::string> watched() const {
    std::vector<std::string> names;
    for (const auto& each : watched_) names.push_back(each.first);
    return names;
  }
  void Change(const std::string& what) { watched_.at(what)(); }

 private:
  std::map<std::string, std::function<void()>> watched_;
};

SinkSpec SinkAt(SinkKind kind, const std::string& path) {
  SinkSpec sink;
  sink.kind = kind;
  sink.path = path;
  sink.key = "TOKEN";
  return sink;
}

// Holds nothing.
class Bystander : public Coordinator {
 public:
  std::optional<std::uint64_t> EpochOf(const std::string&) override { return std::nullopt; }
};

struct Stage : World {
  Stage() {
    GiveFirst();
    spec.sinks = {SinkAt(SinkKind::kDotenv, ".env"), SinkAt(SinkKind::kKubernetes, "shop/whatsapp"),
                  SinkAt(SinkKind::kVault, "secret/whatsapp")};
  }
  std::unique_ptr<Agent> Run(Deps all) {
    Config config;
    config.credentials = {spec};
    AgentOptions options;
    options.watcher = &watcher;
    options.place_watcher = &watcher;
    auto agent = std::make_unique<Agent>(all, std::move(config), std::move(options));
    EXPECT_TRUE(agent->RunOnce());
    return agent;
  }
  RecordingWatcher watcher;
};

TEST(Agent, WatchesFilesAndTheSecretsOfACluster) {
  Stage stage;
  const auto agent = stage.Run(stage.deps());
  EXPECT_EQ(stage.watcher.watched(),
            (std::vector<std::string>{"file .env", "kubernetes shop/whatsapp"}));
}

TEST(Agent, SaysNothingOfAPlaceThatCannotBeWatched) {
  Stage stage;
  const auto agent = stage.Run(stage.deps());
  for (const Event& event : stage.events.all()) {
    EXPECT_EQ(event.message.find("cannot be watched"), std::string::npos) << event.message;
  }
}

TEST(Agent, AnswersOnlyForWhatItHolds) {
  Stage stage;
  Bystander bystander;
  const auto held = stage.Run(stage.deps());
  EXPECT_TRUE(held->ReadinessProblems().empty());
  Deps others{stage.clock,  stage.issuer,        stage.issuer, stage.store, stage.places,
              stage.places, stage.fingerprinter, stage.places, bystander,   stage.events};
  const auto other = stage.Run(others);
  ASSERT_EQ(other->List({}).size(), 1u);
  EXPECT_TRUE(other->List({}).front().held_elsewhere);
  EXPECT_TRUE(other->ReadinessProblems().empty());
  EXPECT_TRUE(other->StartupProblems().empty());
}

}  // namespace
}  // namespace tokenwarden
