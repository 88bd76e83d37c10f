#include "tests/contract/kubernetes/cluster.h"

#include <gtest/gtest.h>

#include <atomic>
#include <utility>

namespace tokenwarden {
namespace {

std::string NextName() {
  static std::atomic<int> corners{0};
  return "corner-" + std::to_string(++corners);
}

}  // namespace

it::ControlPlane& Cluster() {
  static it::ControlPlane cluster;
  return cluster;
}

Corner::Corner() : name_(NextName()), http_(curl::MakeHttpClient({})) {
  Cluster().Must({"create", "namespace", name_});
}

std::unique_ptr<kubernetes::Kubernetes> Corner::Connect(const std::string& kubeconfig,
                                                        kubernetes::Options options) {
  KubernetesSpec spec;
  spec.kubeconfig = kubeconfig.empty() ? Cluster().kubeconfig() : kubeconfig;
  spec.default_namespace = name_;
  auto connection = kubernetes::Kubernetes::Make(spec, *http_, clock_, std::move(options));
  EXPECT_TRUE(connection) << connection.error().message;
  return std::move(connection.value());
}

std::string Corner::AccountWith(const std::vector<std::string>& rules) {
  std::string yaml =
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: agent, "
      "namespace: " +
      name_ + "}\nrules:\n";
  for (const std::string& rule : rules) yaml += "  - {" + rule + "}\n";
  if (rules.empty()) yaml += "  []\n";
  Cluster().Apply(yaml);
  if (!kubeconfig_of_account_.empty()) return kubeconfig_of_account_;
  Cluster().MakeServiceAccount(name_, "agent");
  Cluster().Apply(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: "
      "agent, namespace: " +
      name_ +
      "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, "
      "kind: Role, name: agent}\nsubjects: [{kind: ServiceAccount, name: agent, "
      "namespace: " +
      name_ + "}]\n");
  kubeconfig_of_account_ = Cluster().KubeconfigFor(Cluster().TokenOf(name_, "agent"));
  return kubeconfig_of_account_;
}

it::Finished Corner::Kubectl(std::vector<std::string> arguments, const std::string& input) const {
  arguments.insert(arguments.begin(), {"-n", name_});
  return Cluster().Kubectl(std::move(arguments), input);
}

std::string Corner::Must(std::vector<std::string> arguments, const std::string& input) const {
  const std::string what = arguments.front();
  const it::Finished done = Kubectl(std::move(arguments), input);
  EXPECT_EQ(done.exit_code, 0) << "kubectl " << what << ": " << done.err;
  return done.out;
}

std::optional<std::string> Corner::ValueOf(const std::string& secret,
                                           const std::string& key) const {
  const std::string by =
      "go-template={{with .data}}{{with index . \"" + key + "\"}}{{base64decode .}}{{end}}{{end}}";
  const it::Finished got = Kubectl({"get", "secret", secret, "-o", by});
  return got.exit_code == 0 && !got.out.empty() ? std::optional(got.out) : std::nullopt;
}

void Corner::Edit(const std::string& secret, const std::string& key,
                  const std::string& value) const {
  const nlohmann::json patch = {{"stringData", {{key, value}}}};
  const std::vector<std::string> arguments = {"patch",        "secret", secret,
                                              "--type=merge", "-p",     patch.dump()};
  if (Kubectl(arguments).exit_code == 0) return;
  Must({"create", "secret", "generic", secret});
  Must(arguments);
}

std::string Corner::Annotation(const std::string& object, const std::string& name) const {
  return Must({"get", object, "-o",
               "go-template={{with .metadata.annotations}}{{with index . \"tokenwarden.dev/" +
                   name + "\"}}{{.}}{{end}}{{end}}"});
}

}  // namespace tokenwarden
