// What no single value shows: combinations that cannot work. Each rule is one function over the
// bound configuration, with the tree for the places.
#pragma once

#include "agent/adapters/yaml/problems.h"
#include "agent/adapters/yaml/tree.h"
#include "agent/core/spec.h"

namespace tokenwarden::yaml {

void CheckRules(const Node& root, const Config& config, Problems& problems);

}  // namespace tokenwarden::yaml
