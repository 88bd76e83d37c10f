// What the product must say about every awkward case of the simulated service. The rows are the
// contract, written from what the service means, not from what the code answers.
#pragma once

#include <string_view>
#include <vector>

#include "tests/integration/cases/scene.h"

namespace tokenwarden::cases {

struct Row {
  int number;                 // of the case, as the simulator counts
  std::string_view variant;   // one of that case
  std::string_view sees;      // VERDICT/REASON of the last look
  std::string_view findings;  // of the last look, exactly: `ID:SEVERITY …`
  // What one renewal brings; empty: none is tried.
  //   renewed | same             a token; the old and the new one are then looked at and compared
  //   not_attempted REASON       nothing is sent
  //   ERROR_KIND REASON          of the transport or of the reply
  std::string_view renewal;
  std::string_view also;  // further facts, `NAME=VALUE …`: see Told
  std::vector<Step> steps;
  std::string_view sentence;
};

const std::vector<Row>& Rows();

}  // namespace tokenwarden::cases
