#include "agent/adapters/kubernetes/rollout.h"

#include "agent/adapters/kubernetes/rollout_notifier.h"
#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr const char* kPath = "/apis/apps/v1/namespaces/prod/deployments/bot";

struct RolloutTest : testing::Test, Bench {
  RolloutTest() {
    api.MakeNamespace("prod");
    api.MakeWorkload(kPath);
  }
  Status Notify(Generation generation, const std::string& credential = "whatsapp") {
    NotifySpec spec;
    spec.kind = NotifyKind::kKubernetesRollout;
    spec.workload = "prod/deployment/bot";
    return rollouts.Notify(spec, Notice{credential, "", generation, PrintOf(generation)});
  }
  static Fingerprint PrintOf(Generation generation) {
    return {"hmac:of-" + std::to_string(generation)};
  }
  std::string Template() {
    const FakeApiServer::Json object = *api.Object(kPath);
    return object["spec"]["template"]["metadata"]
        .value("annotations", FakeApiServer::Json::object())
        .value("tokenwarden.dev/token-fingerprint", "");
  }
  std::string RolledOutAt() { return api.AnnotationOf(kPath, "tokenwarden.dev/rolled-out-at"); }
  int Patches() { return api.CountSent("PATCH"); }

  PatientRollouts rollouts{client, &heard};
};

TEST_F(RolloutTest, ChangesTheTemplateByWhatThePodsAreToRead) {
  ASSERT_TRUE(Notify(7));
  EXPECT_EQ(Template(), "whatsapp=hmac:of-7");
  EXPECT_EQ(RolledOutAt(), "2026-11-20T10:00:00Z");
  const FakeApiServer::Json object = *api.Object(kPath);
  EXPECT_EQ(object["spec"]["template"]["metadata"]["labels"]["app"], "bot");
}

TEST_F(RolloutTest, DoesNothingForWhatWasRolledOutAlreadyWhoeverAsks) {
  ASSERT_TRUE(Notify(7));
  clock.Advance(kDay);
  ASSERT_TRUE(Notify(7));
  PatientRollouts after_restart(client, nullptr);
  NotifySpec spec;
  spec.workload = "prod/deployments/bot";
  ASSERT_TRUE(after_restart.Notify(spec, Notice{"whatsapp", "", 7, PrintOf(7)}));
  EXPECT_EQ(Patches(), 1);
}

TEST_F(RolloutTest, PutsOffWhatComesTooSoonAndMakesOneOfSeveral) {
  ASSERT_TRUE(Notify(7));
  clock.Advance(Seconds(10));
  ASSERT_TRUE(Notify(8));
  ASSERT_TRUE(Notify(9));
  ASSERT_TRUE(Notify(3, "page"));
  EXPECT_EQ(Template(), "whatsapp=hmac:of-7");
  ASSERT_TRUE(Eventually([&] { return clock.waits() >= 1; }));
  clock.Advance(Seconds(50));
  EXPECT_TRUE(Eventually([&] { return Patches() == 2; }));
  EXPECT_TRUE(Eventually([&] { return Template() == "page=hmac:of-3 whatsapp=hmac:of-9"; }));
  EXPECT_EQ(RolledOutAt(), "2026-11-20T10:01:00Z");
}

TEST_F(RolloutTest, KeepsTheIntervalThatAnotherReplicaBegan) {
  PatientRollouts other(client, nullptr);
  NotifySpec spec;
  spec.workload = "prod/deployment/bot";
  ASSERT_TRUE(other.Notify(spec, Notice{"page", "", 1, PrintOf(1)}));
  ASSERT_TRUE(Notify(7));
  EXPECT_EQ(Patches(), 1);
}

TEST_F(RolloutTest, IsNotHeldBackByATimeFromAWrongClock) {
  const auto set = [&](const std::string& time) {
    api.EditObject(kPath, [&](FakeApiServer::Json& object) {
      object["metadata"]["annotations"]["tokenwarden.dev/rolled-out-at"] = time;
    });
  };
  set("2099-01-01T00:00:00Z");
  ASSERT_TRUE(Notify(7));
  EXPECT_EQ(Template(), "whatsapp=hmac:of-7");
  set("yesterday");
  ASSERT_TRUE(Notify(8));
  EXPECT_EQ(Template(), "whatsapp=hmac:of-8");
}

TEST_F(RolloutTest, DoesWhatItPutOffWhenItIsStopped) {
  ASSERT_TRUE(Notify(7));
  ASSERT_TRUE(Notify(8));
  rollouts.Stop();
  EXPECT_EQ(Template(), "whatsapp=hmac:of-8");
}

TEST_F(RolloutTest, TriesWhatItPutOffAgainAndTellsWhenItFails) {
  ASSERT_TRUE(Notify(7));
  ASSERT_TRUE(Notify(8));
  api.Refuse("GET", "/bot", FakeApiServer::Status(500, "InternalError", "etcd"), 1);
  ASSERT_TRUE(Eventually([&] { return clock.waits() >= 1; }));
  clock.Advance(Seconds(60));
  ASSERT_TRUE(Eventually([&] { return heard.CountOf(Event::Kind::kNotifyFailed) == 1; }));
  ASSERT_TRUE(Eventually([&] { return clock.waits() >= 2; }));
  clock.Advance(Seconds(30));
  EXPECT_TRUE(Eventually([&] { return Template() == "whatsapp=hmac:of-8"; }));
}

TEST_F(RolloutTest, LooksAgainWhenTheControllerWroteInBetween) {
  api.Before("PATCH", [&] {
    api.EditObject(kPath, [](FakeApiServer::Json& object) { object["status"]["replicas"] = 1; });
  });
  ASSERT_TRUE(Notify(7));
  EXPECT_EQ(Template(), "whatsapp=hmac:of-7");
  EXPECT_EQ((*api.Object(kPath))["status"]["replicas"], 1);
}

TEST_F(RolloutTest, SaysWhichWorkloadIsMissing) {
  NotifySpec spec;
  spec.workload = "prod/statefulset/none";
  const Status missing = rollouts.Notify(spec, Notice{"whatsapp", "", 1, PrintOf(1)});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, "no_such_statefulset");
}

TEST(ParseWorkload, TakesTheThreeKindsWithAndWithoutANamespace) {
  const Result<Workload> full = ParseWorkload("prod/statefulset/db", "default");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->resource->plural, "statefulsets");
  EXPECT_EQ(full->object, (ObjectName{"prod", "db"}));
  EXPECT_EQ(ParseWorkload("daemonset/node", "default")->object, (ObjectName{"default", "node"}));
  EXPECT_EQ(ParseWorkload("bot", "default").error().reason, "no_workload");
  EXPECT_EQ(ParseWorkload("/bot", "default").error().reason, "unknown_workload");
  EXPECT_EQ(ParseWorkload("prod/job/bot", "default").error().reason, "unknown_workload");
  EXPECT_EQ(ParseWorkload("prod/deployment/B ot", "default").error().reason, "bad_name");
  EXPECT_EQ(ParseWorkload("", "default").error().reason, "no_workload");
}

}  // namespace
}  // namespace tokenwarden::kubernetes
