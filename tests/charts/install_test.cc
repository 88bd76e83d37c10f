// The charts and the plain manifests on a real API server, with RBAC and Pod Security on. There are
// no controllers: objects are made, changed and removed, and nothing runs.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/charts/helm.h"
#include "tests/servers/fixture/control_plane.h"
#include "tests/servers/fixture/server.h"

namespace tokenwarden::it {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

class Install : public testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = new ControlPlane(); }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  // A namespace of its own for each test.
  void SetUp() override { MakeNamespace(*cluster_, space_); }

  std::string Get(const std::string& object, const std::string& path) const {
    return cluster_->Must({"-n", space_, "get", object, "-o", "jsonpath={" + path + "}"});
  }
  // The objects of a text as JSON, without asking the server about them.
  std::vector<Json> Parsed(const std::string& yaml) const {
    std::istringstream printed(cluster_->Must(
        {"create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-"}, yaml));
    std::vector<Json> objects;
    while (printed >> std::ws && !printed.eof()) printed >> objects.emplace_back();
    return objects;
  }
  std::string Rendered(const std::string& chart, const Names& more) const {
    Names arguments = {"template", "tw", chart, "-n", space_, "--kube-version", "1.35.4"};
    for (const std::string kind : {"PodMonitor", "ServiceMonitor", "PrometheusRule"}) {
      arguments.insert(arguments.end(), {"--api-versions", "monitoring.coreos.com/v1/" + kind});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return helm_.Must(arguments);
  }

  static ControlPlane* cluster_;
  const Helm helm_{*cluster_};
  const std::string space_ = [] {
    static int number = 0;
    return "space-" + std::to_string(++number);
  }();
};
ControlPlane* Install::cluster_ = nullptr;

Names CiValues() {
  Names found;
  for (const auto& each : std::filesystem::directory_iterator(Helm::Chart("tokenwarden") + "/ci")) {
    found.push_back(each.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The pod that a workload would make.
Json PodOf(const Json& workload, const std::string& name_space) {
  Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}};
  pod["metadata"] = workload["spec"]["template"]["metadata"];
  pod["metadata"]["name"] = "as-the-controller-would";
  pod["metadata"]["namespace"] = name_space;
  pod["spec"] = workload["spec"]["template"]["spec"];
  return pod;
}

TEST_F(Install, TheServerTakesEveryObjectThatTheChartRenders) {
  MakeMonitoringKinds(*cluster_);
  for (const std::string name : {"shop", "monitoring"}) MakeNamespace(*cluster_, name);
  const Names files = CiValues();
  ASSERT_GE(files.size(), 5u);
  for (const std::string& file : files) {
    const Finished done = cluster_->Kubectl({"apply", "--dry-run=server", "-f", "-"},
                                            Rendered(Helm::Chart("tokenwarden"), {"-f", file}));
    EXPECT_EQ(done.exit_code, 0) << file << ": " << done.err;
    EXPECT_EQ(done.err, "") << file;  // a warning, of Pod Security for example
  }
}

TEST_F(Install, TheServerTakesThePlainManifests) {
  MakeMonitoringKinds(*cluster_);
  for (const std::string overlay : {"single", "deployment", "monitored", "sidecar"}) {
    const std::string path = std::string(TOKENWARDEN_SOURCE_DIR) + "/k8s/" + overlay;
    const Finished built = RunProgram({{Tool("kustomize"), "build", path}, {}, "", ""});
    ASSERT_EQ(built.exit_code, 0) << built.err;
    const Finished done = cluster_->Kubectl({"apply", "--dry-run=server", "-f", "-"}, built.out);
    EXPECT_EQ(done.exit_code, 0) << overlay << ": " << done.err;
    EXPECT_EQ(done.err, "") << overlay;
  }
}

TEST_F(Install, PodSecurityAdmitsThePodsAndWouldRefuseThemWithoutTheirCare) {
  int pods = 0;
  for (const std::string& file : CiValues()) {
    for (const Json& object : Parsed(Rendered(Helm::Chart("tokenwarden"), {"-f", file}))) {
      if (!object.value("spec", Json::object()).contains("template")) continue;
      ++pods;
      Json pod = PodOf(object, space_);
      cluster_->MakeServiceAccount(space_, pod["spec"]["serviceAccountName"]);
      const Finished taken =
          cluster_->Kubectl({"create", "--dry-run=server", "-f", "-"}, pod.dump());
      EXPECT_EQ(taken.exit_code, 0) << file << ": " << taken.err;
      pod["spec"]["containers"][0].erase("securityContext");
      const Finished refused =
          cluster_->Kubectl({"create", "--dry-run=server", "-f", "-"}, pod.dump());
      EXPECT_NE(refused.err.find("violates PodSecurity \"restricted"), std::string::npos)
          << refused.err;
    }
  }
  EXPECT_GE(pods, 5);
}

TEST_F(Install, InstallsUpgradesRollsBackAndLeavesNothing) {
  MakeNamespace(*cluster_, "shop");
  const Names before = Everything(*cluster_, space_);
  const Names before_in_shop = Everything(*cluster_, "shop");
  const std::string chart = Helm::Chart("tokenwarden");
  const std::string values = Helm::Values("replicas");
  helm_.Must({"install", "tw", chart, "-n", space_, "-f", values});
  EXPECT_EQ(Get("deployment/tw-tokenwarden", ".spec.replicas"), "2");
  EXPECT_EQ(Get("lease/tw-tokenwarden-3", ".spec"), "{}");
  const std::string first = Get("configmap/tw-tokenwarden", ".data");
  const std::string checksum = ".spec.template.metadata.annotations.checksum/config";
  const std::string first_sum = Get("deployment/tw-tokenwarden", checksum);

  // What an agent does meanwhile: it takes a Lease and publishes to a Secret.
  cluster_->Must({"-n", space_, "patch", "lease/tw-tokenwarden-0", "--type=merge",
                  "--field-manager=tokenwarden", "-p",
                  R"({"spec":{"holderIdentity":"pod-a","leaseTransitions":7}})"});
  cluster_->Must({"-n", space_, "apply", "--server-side", "--field-manager=tokenwarden", "-f", "-"},
                 "{apiVersion: v1, kind: Secret, metadata: {name: whatsapp-token}, data: "
                 "{access_token: bmV3ZXN0}}");

  helm_.Must({"upgrade", "tw", chart, "-n", space_, "-f", values, "--set",
              "config.log.format=text,replicaCount=3"});
  EXPECT_EQ(Get("deployment/tw-tokenwarden", ".spec.replicas"), "3");
  EXPECT_NE(Get("configmap/tw-tokenwarden", ".data").find("format: text"), std::string::npos);
  EXPECT_NE(Get("deployment/tw-tokenwarden", checksum), first_sum);
  EXPECT_EQ(Get("lease/tw-tokenwarden-0", ".spec.holderIdentity"), "pod-a");
  EXPECT_EQ(Get("secret/whatsapp-token", ".data.access_token"), "bmV3ZXN0");

  helm_.Must({"rollback", "tw", "1", "-n", space_});
  EXPECT_EQ(Get("configmap/tw-tokenwarden", ".data"), first);
  EXPECT_EQ(Get("deployment/tw-tokenwarden", checksum), first_sum);
  EXPECT_EQ(Get("deployment/tw-tokenwarden", ".spec.replicas"), "2");
  EXPECT_EQ(Get("lease/tw-tokenwarden-0", ".spec.leaseTransitions"), "7");

  helm_.Must({"uninstall", "tw", "-n", space_});
  cluster_->Must({"-n", space_, "delete", "secret/whatsapp-token"});  // the agent's, not Helm's
  EXPECT_EQ(Everything(*cluster_, space_), before);
  EXPECT_EQ(Everything(*cluster_, "shop"), before_in_shop);
}

TEST_F(Install, KeepsTheVolumeAndGoesOnWithItWhenInstalledAgain) {
  const Names before = Everything(*cluster_, space_);
  const std::string chart = Helm::Chart("tokenwarden");
  const std::string values = Helm::Values("volume");
  helm_.Must({"install", "tw", chart, "-n", space_, "-f", values});
  const std::string uid = Get("pvc/tw-tokenwarden", ".metadata.uid");
  helm_.Must({"uninstall", "tw", "-n", space_});
  Names with_claim = before;
  with_claim.push_back("persistentvolumeclaim/tw-tokenwarden");
  std::sort(with_claim.begin(), with_claim.end());
  EXPECT_EQ(Everything(*cluster_, space_), with_claim);
  EXPECT_EQ(Get("pvc/tw-tokenwarden", ".metadata.deletionTimestamp"), "");

  helm_.Must(
      {"install", "tw", chart, "-n", space_, "-f", values, "--set", "persistence.retain=false"});
  EXPECT_EQ(Get("pvc/tw-tokenwarden", ".metadata.uid"), uid);
  helm_.Must({"uninstall", "tw", "-n", space_});
  // Without a controller the claim waits for its protection to be taken off.
  EXPECT_NE(Get("pvc/tw-tokenwarden", ".metadata.deletionTimestamp"), "");
}

TEST_F(Install, TellsThatTheOperatorIsMissingAndLeavesNothingBehind) {
  cluster_->Must({"delete", "crd", "--all", "--ignore-not-found"});
  const Names before = Everything(*cluster_, space_);
  const Names install = {"install",
                         "tw",
                         Helm::Chart("tokenwarden"),
                         "-n",
                         space_,
                         "-f",
                         Helm::Values("volume"),
                         "--set",
                         "podMonitor.enabled=true"};
  const Finished refused = helm_.Run(install);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_NE(refused.err.find("podMonitor.enabled needs monitoring.coreos.com/v1/PodMonitor, which "
                             "this cluster does not have"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(Everything(*cluster_, space_), before);
  MakeMonitoringKinds(*cluster_);
  helm_.Must(install);
  EXPECT_EQ(Get("podmonitor/tw-tokenwarden", ".spec.podMetricsEndpoints[0].port"), "http");
  helm_.Must({"uninstall", "tw", "-n", space_});
}

TEST_F(Install, TheRoleAllowsWhatTheConfigurationNamesAndNothingElse) {
  MakeNamespace(*cluster_, "shop");
  helm_.Must(
      {"install", "tw", Helm::Chart("tokenwarden"), "-n", space_, "-f", Helm::Values("replicas")});
  struct Case {
    std::string verb;
    std::string object;
    bool allowed;
    std::string where;
  };
  const std::string here = space_;
  const std::vector<Case> cases = {
      {"get", "secret/meta-app", true, here},
      {"patch", "secret/meta-app", false, here},
      {"patch", "secret/whatsapp-token", true, here},
      {"create", "secret/whatsapp-token", true, here},
      {"watch", "secret/whatsapp-token", true, here},
      {"delete", "secret/whatsapp-token", false, here},
      {"patch", "secret/tokenwarden-state", true, here},
      {"get", "secret/tokenwarden-key", false, here},
      {"list", "secrets", false, here},
      {"create", "secrets", false, here},
      {"update", "lease.coordination.k8s.io/tw-tokenwarden-0", true, here},
      {"create", "lease.coordination.k8s.io/tw-tokenwarden-0", false, here},
      {"update", "lease.coordination.k8s.io/another", false, here},
      {"patch", "deployment.apps/whatsapp-bot", true, here},
      {"patch", "deployment.apps/tw-tokenwarden", false, here},
      {"create", "events.events.k8s.io", true, here},
      {"patch", "secret/whatsapp-token", true, "shop"},
      {"patch", "statefulset.apps/queue", true, "shop"},
      {"patch", "deployment.apps/whatsapp-bot", false, "shop"},
      {"patch", "secret/whatsapp-token", false, "default"},
  };
  const std::string who = "system:serviceaccount:" + space_ + ":tw-tokenwarden";
  for (const Case& each : cases) {
    const Finished answer =
        cluster_->Kubectl({"auth", "can-i", each.verb, each.object, "-n", each.where, "--as", who});
    EXPECT_EQ(answer.out, each.allowed ? "yes\n" : "no\n")
        << each.verb << " " << each.object << " in " << each.where << answer.err;
  }
  helm_.Must({"uninstall", "tw", "-n", space_});
}

TEST_F(Install, TwoReleasesLiveInOneNamespace) {
  for (const std::string release : {"one", "two"}) {
    helm_.Must({"install", release, Helm::Chart("tokenwarden"), "-n", space_, "-f",
                Helm::Values("service-monitor"), "--set", "serviceMonitor.enabled=false"});
  }
  EXPECT_EQ(Get("statefulset/one-tokenwarden", ".spec.replicas"), "1");
  EXPECT_EQ(Get("statefulset/two-tokenwarden", ".spec.replicas"), "1");
  helm_.Must({"uninstall", "one", "two", "-n", space_});
}

TEST_F(Install, AnApplicationGetsItsSidecarAndLosesItAgain) {
  const Names before = Everything(*cluster_, space_);
  const std::string shop = helm_.Shop();
  cluster_->MakeServiceAccount(space_, "shop");
  const Names with_account = Everything(*cluster_, space_);
  helm_.Must({"install", "shop", shop, "-n", space_});
  const Json workload =
      Json::parse(cluster_->Must({"-n", space_, "get", "deployment/shop", "-o", "json"}));
  EXPECT_EQ(workload["spec"]["template"]["spec"]["initContainers"][0]["restartPolicy"], "Always");
  const Finished admitted =
      cluster_->Kubectl({"create", "--dry-run=server", "-f", "-"}, PodOf(workload, space_).dump());
  EXPECT_EQ(admitted.exit_code, 0) << admitted.err;
  const Finished may =
      cluster_->Kubectl({"auth", "can-i", "watch", "secret/whatsapp-token", "-n", space_, "--as",
                         "system:serviceaccount:" + space_ + ":shop"});
  EXPECT_EQ(may.out, "yes\n");

  helm_.Must({"upgrade", "shop", shop, "-n", space_, "--set", "tokenwarden-sidecar.enabled=false"});
  EXPECT_EQ(Get("deployment/shop", ".spec.template.spec.initContainers[*].name"), "migrate");
  helm_.Must({"uninstall", "shop", "-n", space_});
  EXPECT_EQ(Everything(*cluster_, space_), with_account);
  EXPECT_NE(with_account, before);
}

}  // namespace
}  // namespace tokenwarden::it
