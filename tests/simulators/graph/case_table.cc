#include "tests/simulators/graph/cases.h"
namespace tokenwarden::graph_simulator {
const std::vector<CaseVariant>& CaseVariants() {
  static const std::vector<CaseVariant> variants;
  return variants;
}
}  // namespace tokenwarden::graph_simulator
