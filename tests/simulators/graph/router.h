// From a request to the endpoint that answers it, with the checks that come before every endpoint.
#pragma once

#include "tests/simulators/graph/call.h"

namespace tokenwarden::graph_simulator {

// Version, throttle, token, session, proof, then the endpoint: in this order.
Reply Route(State& state, TokenMint& mint, const Request& request);

}  // namespace tokenwarden::graph_simulator
