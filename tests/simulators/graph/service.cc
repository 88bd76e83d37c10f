#include "tests/simulators/graph/service.h"

#include <algorithm>

#include "tests/simulators/graph/control.h"
#include "tests/simulators/graph/router.h"
#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::string_view kControlPrefix = "/_control";

bool IsControl(const std::string& path) { return path.rfind(kControlPrefix, 0) == 0; }

void AddDate(const State& state, Reply& reply) {
  const bool has = std::any_of(reply.headers.begin(), reply.headers.end(),
                               [](const auto& header) { return Lower(header.first) == "date"; });
  if (!has) reply.headers.emplace_back("Date", HttpDate(state.clock.Now()));
}

}  // namespace

void Service::SetBaseUrl(std::string url) {
  const std::lock_guard<std::mutex> lock(mutex_);
  world_.base_url = std::move(url);
}

Reply Service::Handle(const Request& request, const StopSignal& stop) {
  if (!IsControl(request.path)) return HandleGraph(request, stop);
  const std::lock_guard<std::mutex> lock(mutex_);
  Reply reply = Control(world_, request);
  AddDate(world_.state, reply);
  return reply;
}

Reply Service::HandleGraph(const Request& request, const StopSignal& stop) {
  std::uint64_t number = 0;
  std::optional<Fault> fault;
  int delay = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = world_.journal.Receive(request, world_.state.clock.Now());
    fault = world_.faults.Take(request);
    delay = world_.state.knobs.latency_ms;
    if (fault && fault->kind == "slow") delay += fault->detail.value("delay_ms", 0);
  }
  if (delay > 0) stop.Sleep(delay);
  const std::lock_guard<std::mutex> lock(mutex_);
  return Work(request, number, fault);
}

Reply Service::Work(const Request& request, std::uint64_t number,
                    const std::optional<Fault>& fault) {
  Reply reply;
  if (!fault || fault->commits) reply = Route(world_.state, world_.mint, request);
  if (!reply.committed.empty()) world_.journal.Commit(number, reply.committed, reply.issued);
  if (fault) Play(*fault, FaultContext{world_.state.knobs, world_.mint}, reply);
  AddDate(world_.state, reply);
  world_.journal.Finish(number, reply, fault ? fault->kind : "");
  return reply;
}

}  // namespace tokenwarden::graph_simulator
