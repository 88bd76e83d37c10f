// One attempt at each of several sinks: written and read back, or only read. Sinks on servers are
// waited for side by side. Called while the keeper's Acting() lock is held.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/app/work.h"

namespace tokenwarden {

// The state of the sink of that target; made when there is none.
SinkState& SinkStateOf(Work& work, const std::string& target);
Event SinkEvent(const Work& work, const SinkSpec& spec, Event::Kind kind, LogLevel level,
                std::string message);
// Durable. A failure is told as an event.
void SaveSink(Work& work, const SinkState& sink);
// In memory, and told.
void RecordSinkFailure(Work& work, const SinkSpec& spec, const Error& error,
                       std::chrono::microseconds duration = {});

// Publishes the current generation, `value`, to each and reads it back. Each result is told and
// saved as soon as it is known.
void WriteSinks(Work& work, const std::vector<SinkSpec>& sinks, const Secret& value);

// What each holds, in the order of `sinks`.
std::vector<Result<Secret>> ReadSinks(Work& work, const std::vector<SinkSpec>& sinks);

}  // namespace tokenwarden
