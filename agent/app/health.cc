#include "agent/app/health.h"

namespace tokenwarden {
namespace {

std::string WhyNoValue(const TokenView& token) {
  const CredentialState& state = token.state;
  if (state.operator_need) return state.operator_need->sentence;
  if (state.conclusive) return state.conclusive->message;
  if (state.silence) return state.silence->message;
  return token.name + " was not inspected yet";
}

}  // namespace

void AddStartupProblems(const TokenView& token, std::vector<HealthProblem>& problems) {
  if (token.held_elsewhere) return;  // its holder answers for it
  if (token.state.generation == 0) {
    problems.push_back({token.name, std::string(StateWord(token.state)), WhyNoValue(token)});
    return;
  }
  for (const SinkState& sink : token.state.sinks) {
    if (sink.generation == 0) {
      problems.push_back({token.name, "not_published",
                          sink.target + " was not written yet" +
                              (sink.last_error.empty() ? "" : ": " + sink.last_error)});
    }
  }
}

void AddReadinessProblems(const TokenView& token, std::vector<HealthProblem>& problems) {
  if (token.held_elsewhere) return;  // its holder answers for it
  const CredentialState& state = token.state;
  if (state.generation == 0) {
    problems.push_back({token.name, std::string(StateWord(state)), WhyNoValue(token)});
    return;
  }
  if (state.conclusive && state.conclusive->verdict != Verdict::kValid) {
    problems.push_back({token.name, std::string(ToString(state.conclusive->verdict)),
                        state.conclusive->message + ". " + state.conclusive->action});
  }
  for (const SinkState& sink : state.sinks) {
    const bool behind = sink.generation != state.generation;
    if (!behind && !sink.drifted) continue;
    const std::string error = sink.last_error.empty() ? "" : ": " + sink.last_error;
    problems.push_back({token.name, behind ? "sink_behind" : "sink_drifted",
                        sink.target +
                            (behind ? " does not hold the current generation yet"
                                    : " holds something else than was published") +
                            error});
  }
}

}  // namespace tokenwarden
