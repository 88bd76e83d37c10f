#include "agent/adapters/kubernetes/connection.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/adapters/kubernetes/kubeconfig.h"

namespace tokenwarden::kubernetes {
namespace {

class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}
  std::string operator[](const char* name) const {
    const char* value = environment_ ? environment_(name) : std::getenv(name);
    return value == nullptr ? "" : value;
  }

 private:
  const Environment& environment_;
};

std::string TextOfFile(const std::string& path) {
  const Result<Secret> text = ReadSmallFile(path);
  std::string name(text ? text->Reveal() : "");
  while (!name.empty() && (name.back() == '\n' || name.back() == ' ')) name.pop_back();
  return name;
}

// IPv6 addresses stand in brackets.
std::string HostAndPort(const std::string& host, const std::string& port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

Connection InCluster(const Variables& variables, const std::string& directory) {
  Connection connection;
  connection.server = "https://" + HostAndPort(variables["KUBERNETES_SERVICE_HOST"],
                                               variables["KUBERNETES_SERVICE_PORT"]);
  connection.ca_file = directory + "/ca.crt";
  connection.default_namespace = variables["POD_NAMESPACE"];
  if (connection.default_namespace.empty()) {
    connection.default_namespace = TextOfFile(directory + "/namespace");
  }
  connection.identity = MakeTokenFileIdentity(directory + "/token");
  return connection;
}

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= list.size()) {
    const std::size_t colon = std::min(list.find(':', at), list.size());
    if (colon > at) parts.push_back(list.substr(at, colon - at));
    at = colon + 1;
  }
  return parts;
}

std::vector<std::string> KubeconfigFiles(const KubernetesSpec& spec, const Variables& variables) {
  if (!spec.kubeconfig.empty()) return {spec.kubeconfig};
  std::vector<std::string> files = Split(variables["KUBECONFIG"]);
  const std::string home = variables["HOME"];
  if (files.empty() && !home.empty()) files.push_back(home + "/.kube/config");
  return files;
}

Result<Connection> Choose(const KubernetesSpec& spec, const Options& options, Clock& clock) {
  const Variables variables(options.environment);
  const bool in_pod = !variables["KUBERNETES_SERVICE_HOST"].empty() &&
                      !variables["KUBERNETES_SERVICE_PORT"].empty();
  const bool asked_for_file = !spec.kubeconfig.empty() || !spec.context.empty();
  const std::string& directory = options.service_account_directory;
  if (in_pod && !asked_for_file && ::access((directory + "/token").c_str(), F_OK) == 0) {
    return InCluster(variables, directory);
  }
  Result<Connection> connection =
      ConnectByKubeconfig(KubeconfigFiles(spec, variables), spec.context, clock);
  const bool nothing_there = !connection && connection.error().reason == "no_kubeconfig";
  if (!nothing_there || asked_for_file) return connection;
  return MakeError(ErrorKind::kFailedPrecondition, "no_kubernetes_configured",
                   "there is no connection to a Kubernetes cluster: this is no pod with a service "
                   "account token, and " +
                       connection.error().message,
                   "In a pod, mount the service account's token (automountServiceAccountToken); "
                   "elsewhere set KUBECONFIG or `kubernetes: {kubeconfig: …}`.");
}

}  // namespace

Result<Connection> MakeConnection(const KubernetesSpec& spec, const Options& options,
                                  Clock& clock) {
  Result<Connection> connection = Choose(spec, options, clock);
  if (!connection) return connection;
  if (!spec.default_namespace.empty()) connection->default_namespace = spec.default_namespace;
  if (connection->default_namespace.empty()) connection->default_namespace = "default";
  return connection;
}

}  // namespace tokenwarden::kubernetes
