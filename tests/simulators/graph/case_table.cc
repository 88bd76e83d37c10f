#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {

const std::vector<CaseVariant>& CaseVariants() {
  static const std::vector<CaseVariant> all = [] {
    std::vector<CaseVariant> variants;
    for (const auto* part :
         {&InspectionCases(), &ExchangeCases(), &TransportCases(), &TrustCases(), &AssetCases()}) {
      variants.insert(variants.end(), part->begin(), part->end());
    }
    return variants;
  }();
  return all;
}

}  // namespace tokenwarden::graph_simulator
