#include "agent/app/health_page.h"

namespace tokenwarden {
namespace {

constexpr std::size_t kMaxLines = 50;

}  // namespace

HealthPage RenderHealth(const std::vector<HealthProblem>& problems) {
  if (problems.empty()) return {200, "ok\n"};
  HealthPage page{503, "not ok\n"};
  std::size_t shown = 0;
  for (const HealthProblem& problem : problems) {
    if (shown == kMaxLines) {
      page.body += "… and " + std::to_string(problems.size() - shown) + " more\n";
      break;
    }
    page.body += (problem.credential.empty() ? "agent" : problem.credential) + " " +
                 problem.reason + ": " + problem.sentence + "\n";
    ++shown;
  }
  return page;
}

}  // namespace tokenwarden
