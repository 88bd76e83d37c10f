// The bodies of the health probes: a word, then one line for each problem, for the person who curls
// them.
#pragma once

#include <string>
#include <vector>

#include "agent/ports/agent_api.h"

namespace tokenwarden {

struct HealthPage {
  int status = 200;
  std::string body;
};

// 200 `ok` without problems, else 503 with the reasons; a long list is cut and the rest counted.
HealthPage RenderHealth(const std::vector<HealthProblem>& problems);

}  // namespace tokenwarden
