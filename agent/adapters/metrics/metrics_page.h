// MetricsPage: everything the agent tells Prometheus, as a gzip body in text format 0.0.4.
//
// What belongs to one credential is written straight from AgentApi's views, so it is right on the
// first scrape after a restart; counters and histograms start at 0 with the process and are fed by
// events. The part that grows with the number of credentials is rendered only when
// AgentApi::Revision() moved, only by a scrape, never twice at once, and kept compressed: ten
// thousand credentials are tens of megabytes of text, but one of gzip. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/core/time.h"
#include "agent/ports/agent_api.h"
#include "agent/ports/clock.h"
#include "agent/ports/event_listener.h"

namespace tokenwarden::metrics {

inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string compiler;
};

class MetricsPage : public EventListener {
 public:
  // `api` and `clock` outlive the page. `api` may be given later (SetApi), because the application
  // wants its listeners first; until then only the process shows.
  MetricsPage(const Clock& clock, BuildInfo build);
  ~MetricsPage() override;
  void SetApi(const AgentApi& api);

  void On(const Event& event) noexcept override;

  // A whole gzip member. Never null; the same bytes may be shared by several scrapes.
  std::shared_ptr<const std::string> RenderGzip();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tokenwarden::metrics
