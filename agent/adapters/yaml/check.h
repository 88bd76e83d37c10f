// The strict check of a tree against the tables: unknown keys, wrong types, impossible values,
// literal secrets. Says everything it finds.
#pragma once

#include "agent/adapters/yaml/keys.h"
#include "agent/adapters/yaml/problems.h"
#include "agent/adapters/yaml/tree.h"

namespace tokenwarden::yaml {

void CheckAgainstTables(const Node& root, Problems& problems);

}  // namespace tokenwarden::yaml
