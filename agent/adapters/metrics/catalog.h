// Catalog: every metric there is, once. The page, the documentation and the tests read this table.
//
// Names, types and labels are a contract: other people's alerts depend on them. Points in time are
// Unix seconds and are absent when there is none: never 0, NaN or a far date.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokenwarden::metrics {

enum class Metric {
  // one credential each; written from the agent's views
  kTokenInfo,
  kTokenState,
  kTokenIndeterminate,
  kTokenExpiry,
  kTokenGrantExpiry,
  kTokenDeadline,
  kTokenIssued,
  kTokenRefreshDue,
  kTokenLastRefreshSuccess,
  kTokenLastCheck,
  kTokenRefreshFailures,
  kTokenRotation,
  kTokenFinding,
  kOperatorNeeded,
  kSinkGeneration,
  kSinkLag,
  kSinkLastVerified,
  kSinkDrifted,
  kSinkPublishAttempts,
  kSinkPublishFailures,
  // all credentials together; written from the agent's views
  kTokens,
  kRefreshInFlight,
  kClockSkew,
  // counted since the process started
  kInspections,
  kRefreshAttempts,
  kRefreshFailures,
  kRefreshDuration,
  kUpstreamResponses,
  kUpstreamDuration,
  kSinkPublishDuration,
  kNotifyAttempts,
  kNotifyFailures,
  kStoreErrors,
  kGrpcRequests,
  kLogMessages,
  // the agent and its process
  kBuildInfo,
  kConfigReloadOk,
  kConfigReloadTime,
  kSchedulerHeartbeat,
  kRefreshQueue,
  kMetricsSeries,
  kMetricsRenderDuration,
  kProcessCpu,
  kProcessRss,
  kProcessVirtual,
  kProcessOpenFds,
  kProcessMaxFds,
  kProcessStart,
};

enum class Type { kGauge, kCounter, kHistogram };
std::string_view ToString(Type type);

struct MetricRow {
  Metric metric;
  std::string_view name;
  Type type;
  std::string_view unit;  // `seconds`, `bytes`, or empty for plain numbers
  std::string_view
      labels;  // comma separated; `T` stands for credential, provider, tenant (where set)
  std::string_view help;  // plain ASCII, one line
};

const std::vector<MetricRow>& Catalog();
const MetricRow& RowOf(Metric metric);

// docs/metrics.md.
std::string RenderDocumentation();

}  // namespace tokenwarden::metrics
