// Namespaces: a place in Kubernetes may be written without one, and means the default.
#pragma once

#include <string>

#include "agent/core/result.h"
#include "agent/core/spec.h"

namespace tokenwarden {

// Writes the namespace into every Secret, workload and Lease of the configuration that has none:
// kubernetes.namespace, else `own`: the pod's or the context's. kInvalidArgument: `no_namespace`
// when one is needed and there is none, `same_place` when two sinks turn out to be one.
Status FillNamespaces(Config& config, const std::string& own);

}  // namespace tokenwarden
