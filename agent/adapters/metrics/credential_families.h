// The families with one or more series per credential, written in one walk over the agent's views.
#pragma once

#include <cstdint>

#include "agent/adapters/metrics/gzip_parts.h"
#include "agent/adapters/metrics/sink_counters.h"
#include "agent/ports/agent_api.h"

namespace tokenwarden::metrics {

struct CredentialPart {
  GzipPart part;
  std::uint64_t series = 0;
};

// Never holds more than one view and a few kilobytes of text per family.
CredentialPart RenderCredentials(const AgentApi& api, const SinkCounters& sinks);

}  // namespace tokenwarden::metrics
