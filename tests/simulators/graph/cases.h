// The 32 awkward cases of the service, each with named variants that can be selected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/simulators/graph/world.h"

namespace tokenwarden::graph_simulator {

struct CaseVariant {
  int number;
  std::string_view name;
  std::string_view sentence;
  // Arranges the world and says what a client should do: see CaseReply in cases.cc.
  Json (*arrange)(World& world);
};

struct CaseTitle {
  int number;
  std::string_view sentence;
};
const std::vector<CaseTitle>& CaseTitles();
const std::vector<CaseVariant>& CaseVariants();

Json ListCases();
// Resets the world, arranges the variant (the first when the name is empty) and describes it.
// Throws std::invalid_argument when there is no such case or variant.
Json SelectCase(World& world, int number, const std::string& variant);

}  // namespace tokenwarden::graph_simulator
