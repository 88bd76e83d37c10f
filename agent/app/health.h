// Health: what a credential's state means for the probes.
#pragma once

#include <vector>

#include "agent/ports/agent_api.h"

namespace tokenwarden {

// Ready: a proven, living value that every sink held when it was last read. An issuer's silence
// alone does not make us unready: the last conclusive verdict stands.
void AddReadinessProblems(const TokenView& token, std::vector<HealthProblem>& problems);

// Started: the first value was proven and published once.
void AddStartupProblems(const TokenView& token, std::vector<HealthProblem>& problems);

}  // namespace tokenwarden
