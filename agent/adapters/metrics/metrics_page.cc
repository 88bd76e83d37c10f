#include "agent/adapters/metrics/metrics_page.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "agent/adapters/metrics/credential_families.h"
#include "agent/adapters/metrics/event_counters.h"
#include "agent/adapters/metrics/process_stats.h"
#include "agent/adapters/metrics/text_format.h"

namespace tokenwarden::metrics {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::uint64_t kManySeries = 10'000;

// Of the time, at most a tenth is spent on rendering credentials, however often somebody scrapes.
constexpr int kRestPerRender = 9;

template <typename Value>
void AppendGauge(std::string& out, Metric metric, const std::optional<Value>& value) {
  if (!value) return;
  const MetricRow& row = RowOf(metric);
  AppendHeader(out, row);
  if constexpr (std::is_floating_point_v<Value>) {
    AppendSample(out, row.name, *value);
  } else {
    AppendSample(out, row.name, "", "", static_cast<std::int64_t>(*value));
  }
}

void AppendProcess(std::string& out) {
  const ProcessStats stats = ReadProcessStats();
  AppendGauge(out, Metric::kProcessCpu, stats.cpu_seconds);
  AppendGauge(out, Metric::kProcessRss, stats.resident_bytes);
  AppendGauge(out, Metric::kProcessVirtual, stats.virtual_bytes);
  AppendGauge(out, Metric::kProcessOpenFds, stats.open_fds);
  AppendGauge(out, Metric::kProcessMaxFds, stats.max_fds);
  AppendGauge(out, Metric::kProcessStart, stats.start_time_seconds);
}

std::uint64_t CountSamples(const std::string& text) {
  std::uint64_t samples = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text[at] != '#') ++samples;
  }
  return samples;
}

}  // namespace

struct MetricsPage::Parts {
  Parts(const Clock& the_clock, const BuildInfo& build)
      : clock(the_clock), counters(the_clock, build) {}

  // Renders the credentials again if something about them changed.
  void Freshen(const AgentApi& agent) {
    const Key now{agent.Revision(), counters.sinks_version()};
    const SteadyTime began = clock.SteadyNow();
    if (rendered && (*rendered == now || began < rest_until)) return;
    credentials = CredentialPart();  // the old bytes go before the new ones come
    credentials = RenderCredentials(agent, counters.sinks());
    // Views of ten thousand credentials leave holes of megabytes behind.
    if (credentials.series > kManySeries) malloc_trim(0);
    const SteadyTime ended = clock.SteadyNow();
    rendered = now;
    render_time = ended - began;
    rest_until = ended + kRestPerRender * (ended - began);
  }

  std::string SmallFamilies(const AgentApi* agent) {
    std::string text = counters.Serialize();
    if (agent != nullptr) {
      const AgentVitals vitals = agent->Vitals();
      std::optional<std::int64_t> pass;
      if (vitals.scheduler_pass_at) pass = ToUnix(*vitals.scheduler_pass_at);
      AppendGauge(text, Metric::kSchedulerHeartbeat, pass);
      AppendGauge(text, Metric::kRefreshQueue, std::optional(vitals.renewals_waiting));
      AppendGauge(text, Metric::kMetricsRenderDuration,
                  std::optional(std::chrono::duration<double>(render_time).count()));
    }
    AppendProcess(text);
    const std::uint64_t series = credentials.series + CountSamples(text) + 1;
    AppendGauge(text, Metric::kMetricsSeries, std::optional(series));
    return text;
  }

  struct Key {
    std::uint64_t revision;
    std::uint64_t sinks;
    bool operator==(const Key&) const = default;
  };

  const Clock& clock;
  EventCounters counters;
  std::atomic<const AgentApi*> api{nullptr};

  std::mutex rendering;  // guards what follows: never two at once
  std::optional<Key> rendered;
  CredentialPart credentials;
  std::chrono::nanoseconds render_time{0};
  SteadyTime rest_until{};
};

MetricsPage::MetricsPage(const Clock& clock, BuildInfo build)
    : parts_(std::make_unique<Parts>(clock, build)) {}
MetricsPage::~MetricsPage() = default;

void MetricsPage::SetApi(const AgentApi& api) { parts_->api = &api; }

void MetricsPage::On(const Event& event) noexcept {
  try {
    parts_->counters.On(event);
  } catch (const std::exception&) {
    // No memory to count with; what is counted must not suffer for it.
  }
}

std::shared_ptr<const std::string> MetricsPage::RenderGzip() {
  const AgentApi* api = parts_->api;
  std::lock_guard<std::mutex> lock(parts_->rendering);
  if (api != nullptr) parts_->Freshen(*api);
  PartWriter writer;
  writer.text() = parts_->SmallFamilies(api);
  const GzipPart small = writer.Finish();
  return std::make_shared<const std::string>(JoinGzip({&small, &parts_->credentials.part}));
}

}  // namespace tokenwarden::metrics
