// Connection: which API server, whom we trust there, and who we are to it.
//
// In a pod it is the service account (KUBERNETES_SERVICE_HOST and _PORT, and the mounted token,
// ca.crt and namespace); outside a kubeconfig: the configured one, else the files of KUBECONFIG
// (the first that sets something wins), else ~/.kube/config. Source: client-go rest/config.go,
// tools/clientcmd.
#pragma once

#include <memory>
#include <string>

#include "agent/adapters/kubernetes/identity.h"
#include "agent/adapters/kubernetes/kubernetes.h"
#include "agent/core/result.h"
#include "agent/core/spec.h"
#include "agent/ports/clock.h"

namespace tokenwarden::kubernetes {

struct Connection {
  std::string server;   // `https://10.0.0.1:443`, no slash at the end
  std::string ca_file;  // at most one of the two; both empty: the system's authorities
  std::string ca_pem;
  std::string default_namespace;
  std::unique_ptr<Identity> identity;
};

// Errors as Kubernetes::Make.
Result<Connection> MakeConnection(const KubernetesSpec& spec, const Options& options, Clock& clock);

}  // namespace tokenwarden::kubernetes
