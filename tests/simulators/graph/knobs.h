// Switches of the simulated service's behaviour, all settable through the control endpoint.
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulators/graph/json.h"

namespace tokenwarden::graph_simulator {

struct Knobs {
  std::string status_mode =
      "graph";              // graph: errors are 400; whatsapp: 401, 403, 429, 503 as documented
  int throttle_status = 0;  // HTTP status of rate-limit errors; 0 = as status_mode says
  std::string exchange_mode =
      "fork";  // fork: each exchange makes one more token; same: a repeated
               // exchange gives the same successor; strict: the old one dies
  std::string exchange_reply = "normal";  // shape of the reply: see ControlHelp()
  bool never_exchange_trap = true;  // exchanging a never-expiring token hands out a sixty-day one
  bool sixty_days_mandatory = false;
  std::int64_t expires_in_shortfall = 56;  // expires_in says so much less than the lifetime
  bool revoke_accepts_post = true;
  std::string success_reply = "object";  // object: {"success":true}; true: a bare true
  std::string ids = "string";            // or number
  std::string granular = "normal";       // normal, missing, no_targets, flat_only, many
  bool self_inspection = false;          // system-user tokens may inspect themselves
  bool echo_tokens = false;              // messages about malformed tokens repeat the token
  bool www_authenticate = true;
  std::string default_version = "v25.0";  // of calls without a version
  std::string send_outcome = "accepted";  // or an error code of the 13xxxx family
  int latency_ms = 0;                     // before every reply
  Json usage_headers = Json::array();  // one object of headers per request, used up from the front
  std::string usage_after = "stay";    // when one is left: stay, none, throttle (code 4)
};

}  // namespace tokenwarden::graph_simulator
