#include "tests/charts/helm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/servers/fixture/server.h"

namespace tokenwarden::it {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace

Finished Helm::Run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), Tool("helm"));
  const std::string home = room_.path();
  Process program(
      {std::move(arguments),
       {"KUBECONFIG=" + cluster_.kubeconfig(), "HOME=" + home, "HELM_CACHE_HOME=" + home,
        "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home},
       "",
       ""});
  return program.Finish(std::chrono::seconds(120));
}

std::string Helm::Must(const std::vector<std::string>& arguments) const {
  const Finished done = Run(arguments);
  EXPECT_EQ(done.exit_code, 0) << "helm " << arguments.front() << ": " << done.err;
  return done.out;
}

std::string Helm::Chart(const std::string& name) {
  return std::string(TOKENWARDEN_SOURCE_DIR) + "/charts/" + name;
}

std::string Helm::Values(const std::string& name) {
  return Chart("tokenwarden") + "/ci/" + name + "-values.yaml";
}

std::string Helm::Shop() const {
  const std::string top = TOKENWARDEN_SOURCE_DIR;
  const std::string script = "mkdir -p charts tests/charts && cp -r " + top +
                             "/charts/tokenwarden-sidecar charts/ && cp -r " + top +
                             "/tests/charts/shop tests/charts/";
  const Finished copied = RunProgram({{"/bin/sh", "-ec", script}, {}, room_.path(), ""});
  EXPECT_EQ(copied.exit_code, 0) << copied.err;
  const std::string shop = room_.File("tests/charts/shop");
  Must({"dependency", "build", shop});
  return shop;
}

std::vector<std::string> Everything(const Cluster& cluster, const std::string& name_space) {
  std::string kinds;
  for (const std::string& kind :
       Lines(cluster.Must({"api-resources", "--verbs=list", "--namespaced", "-o", "name"}))) {
    if (kind.find("events") == std::string::npos) kinds += (kinds.empty() ? "" : ",") + kind;
  }
  std::vector<std::string> found =
      Lines(cluster.Must({"get", kinds, "-n", name_space, "-o", "name", "--ignore-not-found"}));
  std::sort(found.begin(), found.end());
  return found;
}

void MakeNamespace(const Cluster& cluster, const std::string& name) {
  cluster.MakeServiceAccount(name, "default");
  cluster.Must({"label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted",
                "pod-security.kubernetes.io/warn=restricted"});
}

void MakeMonitoringKinds(const Cluster& cluster) {
  for (const std::string kind : {"PodMonitor", "ServiceMonitor", "PrometheusRule"}) {
    std::string word = kind;
    for (char& letter : word) letter = static_cast<char>(std::tolower(letter));
    cluster.Apply(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: " +
        word +
        "s.monitoring.coreos.com}\n"
        "spec:\n  group: monitoring.coreos.com\n  scope: Namespaced\n  names: {kind: " +
        kind + ", plural: " + word +
        "s}\n"
        "  versions:\n    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: "
        "{type: object, x-kubernetes-preserve-unknown-fields: true}}}\n");
    cluster.Must(
        {"wait", "--for=condition=Established", "crd/" + word + "s.monitoring.coreos.com"});
  }
}

}  // namespace tokenwarden::it
