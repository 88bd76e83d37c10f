#include "tests/simulators/graph/faults.h"

#include <algorithm>
#include <stdexcept>

#include "tests/simulators/graph/text.h"
#include "tests/simulators/graph/versions.h"

namespace tokenwarden::graph_simulator {
namespace {

const FaultKind& KindOf(const std::string& word) {
  for (const FaultKind& kind : FaultKinds()) {
    if (kind.word == word) return kind;
  }
  throw std::invalid_argument("there is no fault kind `" + word + "`; GET /_control lists them");
}

bool PathMatches(const std::string& pattern, const std::string& path) {
  if (GlobMatches(pattern, path)) return true;
  const std::size_t end = path.find('/', 1);
  const bool versioned = end != std::string::npos && LooksLikeVersion(path.substr(1, end - 1));
  return versioned && GlobMatches(pattern, path.substr(end));
}

bool Matches(const Fault& fault, const Request& request) {
  if (!fault.method.empty() && fault.method != request.method) return false;
  if (!PathMatches(fault.path, request.path)) return false;
  return std::all_of(fault.where.begin(), fault.where.end(), [&](const auto& wanted) {
    return request.Param(wanted.first) == wanted.second;
  });
}

bool IsDue(const Fault& fault) {
  if (fault.times > 0 && fault.fired >= fault.times) return false;
  const int first = std::max(1, fault.nth);
  return fault.seen >= first && (fault.seen - first) % std::max(1, fault.every) == 0;
}

}  // namespace

int FaultScript::Add(const Json& description) {
  Fault fault;
  fault.detail = description.value("fault", Json::object());
  if (fault.detail.is_string()) fault.detail = Json{{"kind", fault.detail}};
  fault.kind = fault.detail.value("kind", "");
  fault.commits = fault.detail.value("commit", KindOf(fault.kind).commits);
  fault.path = description.value("path", "*");
  if (fault.path.front() != '/' && fault.path.front() != '*') fault.path.insert(0, "/");
  fault.method = description.value("method", "");
  fault.where = description.value("where", std::map<std::string, std::string>());
  fault.nth = description.value("nth", 0);
  fault.every = description.value("every", 1);
  fault.times = description.value("times", fault.nth > 0 && !description.contains("every") ? 1 : 0);
  fault.id = ++last_id_;
  faults_.push_back(std::move(fault));
  return last_id_;
}

std::optional<Fault> FaultScript::Take(const Request& request) {
  Fault* due = nullptr;
  for (Fault& fault : faults_) {
    if (!Matches(fault, request)) continue;
    ++fault.seen;
    if (due == nullptr && IsDue(fault)) due = &fault;
  }
  if (due == nullptr) return std::nullopt;
  ++due->fired;
  return *due;
}

Json FaultScript::List() const {
  Json list = Json::array();
  for (const Fault& fault : faults_) {
    list.push_back(Json{{"id", fault.id},
                        {"path", fault.path},
                        {"method", fault.method},
                        {"where", fault.where},
                        {"nth", fault.nth},
                        {"every", fault.every},
                        {"times", fault.times},
                        {"fault", fault.detail},
                        {"commits", fault.commits},
                        {"seen", fault.seen},
                        {"fired", fault.fired}});
  }
  return list;
}

void Play(const Fault& fault, const FaultContext& context, Reply& reply) {
  KindOf(fault.kind).play(fault.detail, context, reply);
}

}  // namespace tokenwarden::graph_simulator
