// Success bodies in the service's spelling: escaped slashes, \u escapes, no spaces.
#pragma once

#include <string>

#include "tests/simulators/graph/http_message.h"
#include "tests/simulators/graph/knobs.h"

namespace tokenwarden::graph_simulator {

std::string Render(const Json& document);
Reply JsonReply(Json document);
Reply SuccessReply(const Knobs& knobs);  // {"success":true} or true
Reply TextReply(int status, std::string content_type, std::string body);

// Ids as numbers, as old versions sent them, where a number can hold them.
void MakeIdsNumeric(Json& document);

}  // namespace tokenwarden::graph_simulator
