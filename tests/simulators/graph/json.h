// JSON of the simulator. Members keep their order, so that bodies read like the service's own.
#pragma once

#include <nlohmann/json.hpp>

namespace tokenwarden::graph_simulator {

using Json = nlohmann::ordered_json;

}  // namespace tokenwarden::graph_simulator
