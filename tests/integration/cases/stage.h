// Stage: the simulated service on a free port, the real HTTP client and the real provider. Plays
// one row and tells what was seen, in the words of the table.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/observation.h"
#include "agent/ports/crypto.h"
#include "agent/ports/provider.h"
#include "tests/integration/cases/cases_table.h"
#include "tests/simulators/graph/server.h"
#include "tests/simulators/graph/stop_signal.h"

namespace tokenwarden::cases {

struct Told {
  std::string sees;
  std::string findings;
  std::string renewal;
  // Facts a row may name under `also`:
  //   lifetime, user, missing, data_access (yes|no), skew, retry_after   of the last look
  //   unproven    how many sentences say what could not be proven
  //   looked      requests that the looks sent
  //   received, committed                                                exchanges at the service
  //   expires_in  as the reply of the renewal said; none when it did not
  //   old, new    after a renewal: VERDICT/REASON of the old value; `accepted` or why not the new
  //   replaceable (yes|no)      whether a successor can be made when this value is dead
  std::map<std::string, std::string> also;
  std::string everything_said;       // all text that a person or a log could see
  std::vector<std::string> secrets;  // that took part
  std::vector<Json> requests;        // of ours, as the service received them
};

class Stage {
 public:
  Stage();
  Told Play(const Row& row);

 private:
  Json Control(const std::string& method, const std::string& path, Json body = Json::object(),
               graph_simulator::Params query = {});
  Instant OurNow();
  ProviderContext ContextOf(const Scene& scene);
  Observation Look(const Scene& scene, const std::string& value, Told& told);
  void SendAsSomebodyElse(const Scene& scene);
  void Renew(const Scene& scene, const Observation& seen, Told& told);
  void Compare(const Scene& scene, const Observation& before, const RenewedValue& renewed,
               Told& told);
  void NoteLook(const Scene& scene, const Observation& seen, Told& told);

  long long clock_offset_;
  graph_simulator::Service service_;
  graph_simulator::Server server_;
  graph_simulator::StopSignal stop_;
  std::unique_ptr<Mac> mac_;
  std::unique_ptr<Provider> provider_;
  std::unique_ptr<HttpClient> http_;
  Instant now_{};
};

}  // namespace tokenwarden::cases
