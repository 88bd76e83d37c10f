// From a tree that passed the check to the configuration.
#pragma once

#include "agent/adapters/yaml/tree.h"
#include "agent/core/spec.h"

namespace tokenwarden::yaml {

// Only for trees that CheckAgainstTables found nothing wrong with.
Config Bind(const Node& root);

}  // namespace tokenwarden::yaml
