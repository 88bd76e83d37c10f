// The control endpoint under /_control/: how a test, a demo or a drill steers the simulated
// service.
#pragma once

#include <string>

#include "tests/simulators/graph/http_message.h"
#include "tests/simulators/graph/world.h"

namespace tokenwarden::graph_simulator {

Reply Control(World& world, const Request& request);

// The endpoint explained, with examples to copy; `url` is the base to show in them.
std::string ControlHelp(const std::string& url);

}  // namespace tokenwarden::graph_simulator
