// What tests find in a node: pods that reach the API server and the test's own servers, Secrets
// that are mounted and followed, a sidecar that is up before the application starts.
#include <gtest/gtest.h>

#include "tests/integration/stage.h"
#include "tests/servers/fixture/cluster.h"

namespace tokenwarden::it {
namespace {

using std::chrono::seconds;

Cluster& TheCluster() {
  static Cluster cluster = Cluster::Around();
  return cluster;
}

// A pod in the default namespace of which the test gives the rest of the specification.
void StartPod(const std::string& name, const std::string& spec) {
  TheCluster().Apply("apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
                     "}\nspec:\n  terminationGracePeriodSeconds: 0\n" + spec);
  const auto ready = [&] {
    return TheCluster()
               .Kubectl({"wait", "--for=condition=Ready", "pod/" + name, "--timeout=20s"})
               .exit_code == 0;
  };
  EXPECT_TRUE(Eventually(ready, seconds(120)))
      << TheCluster().Kubectl({"describe", "pod", name}).out;
}

std::string Exec(const std::string& pod, const std::string& command) {
  return TheCluster().Kubectl({"exec", pod, "--", "sh", "-c", command}).out;
}

TEST(Pod, ReachesTheApiServerUnderItsServiceAddress) {
  StartPod("caller", R"(  containers:
    - {name: main, image: "tokenwarden.test/busybox:1", imagePullPolicy: Never, args: ["sleep 600"]}
)");
  EXPECT_EQ(
      Exec("caller",
           "nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo answered"),
      "answered\n");
}

TEST(Pod, FollowsAMountedSecret) {
  TheCluster().Must({"create", "secret", "generic", "mounted", "--from-literal=value=first"});
  StartPod("follower", R"(  volumes: [{name: secret, secret: {secretName: mounted}}]
  containers:
    - name: main
      image: tokenwarden.test/busybox:1
      imagePullPolicy: Never
      args: ["sleep 600"]
      volumeMounts: [{name: secret, mountPath: /secret}]
)");
  EXPECT_EQ(Exec("follower", "cat /secret/value"), "first");
  TheCluster().Must({"patch", "secret", "mounted", "-p", R"({"stringData": {"value": "second"}})"});
  EXPECT_TRUE(
      Eventually([] { return Exec("follower", "cat /secret/value") == "second"; }, seconds(60)));
}

// The order that an agent beside an application needs.
TEST(Pod, StartsTheApplicationOnceItsSidecarIsUp) {
  StartPod("ordered", R"(  volumes: [{name: shared, emptyDir: {}}]
  initContainers:
    - name: sidecar
      restartPolicy: Always
      image: tokenwarden.test/busybox:1
      imagePullPolicy: Never
      args: ["sleep 2; touch /shared/up; sleep 600"]
      startupProbe: {exec: {command: [test, -e, /shared/up]}, periodSeconds: 1, failureThreshold: 60}
      volumeMounts: [{name: shared, mountPath: /shared}]
  containers:
    - name: main
      image: tokenwarden.test/busybox:1
      imagePullPolicy: Never
      args: ["ls /shared; sleep 600"]
      volumeMounts: [{name: shared, mountPath: /shared}]
)");
  EXPECT_EQ(TheCluster().Must({"logs", "ordered", "-c", "main"}), "up\n");
}

}  // namespace
}  // namespace tokenwarden::it
