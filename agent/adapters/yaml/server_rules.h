// The rules of rules.h about Vault, Kubernetes and replicas.
#pragma once

#include "agent/adapters/yaml/problems.h"
#include "agent/adapters/yaml/tree.h"
#include "agent/core/spec.h"

namespace tokenwarden::yaml {

void CheckServerRules(const Node& root, const Config& config, Problems& problems);

}  // namespace tokenwarden::yaml
