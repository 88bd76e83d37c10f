#include "agent/adapters/metrics/catalog.h"

namespace tokenwarden::metrics {
namespace {

constexpr std::string_view kSinkLabels = "T,sink,target";
constexpr std::string_view kSeconds = "seconds";
constexpr std::string_view kBytes = "bytes";
constexpr std::string_view kNone = "";

std::vector<MetricRow> MakeCatalog() {
  using enum Metric;
  using enum Type;
  return {
      {kTokenInfo, "tokenwarden_token_info", kGauge, kNone,
       "T,token_kind,account,lifetime,refreshable",
       "Slow-changing facts about a credential's token, constant 1."},
      {kTokenState, "tokenwarden_token_state", kGauge, kNone, "T,state",
       "Last conclusive verdict, or pending: 1 for the current state and 0 for the others."},
      {kTokenIndeterminate, "tokenwarden_token_indeterminate", kGauge, kNone, "T,reason",
       "1 while the newest inspection could not tell; the state is the one from before. Absent "
       "otherwise."},
      {kTokenExpiry, "tokenwarden_token_expiry_timestamp_seconds", kGauge, kSeconds, "T",
       "Unix time at which the access token ends; absent if it never does or nobody knows."},
      {kTokenGrantExpiry, "tokenwarden_token_grant_expiry_timestamp_seconds", kGauge, kSeconds,
       "T,grant",
       "Unix time at which something the token rests on ends: data_access, refresh_token, key, "
       "api_version."},
      {kTokenDeadline, "tokenwarden_token_deadline_timestamp_seconds", kGauge, kSeconds, "T,reason",
       "Unix time of the earliest of the token's clocks and which one it is; absent if there is "
       "none."},
      {kTokenIssued, "tokenwarden_token_issued_timestamp_seconds", kGauge, kSeconds, "T",
       "Unix time at which the token in use was issued, or became current where the issuer does "
       "not say."},
      {kTokenRefreshDue, "tokenwarden_token_refresh_due_timestamp_seconds", kGauge, kSeconds, "T",
       "Unix time at which the next refresh is scheduled; absent if none is."},
      {kTokenLastRefreshSuccess, "tokenwarden_token_last_refresh_success_timestamp_seconds", kGauge,
       kSeconds, "T", "Unix time of the last successful refresh."},
      {kTokenLastCheck, "tokenwarden_token_last_check_timestamp_seconds", kGauge, kSeconds, "T",
       "Unix time of the last conclusive inspection."},
      {kTokenRefreshFailures, "tokenwarden_token_consecutive_refresh_failures", kGauge, kNone, "T",
       "Refresh failures since the last success."},
      {kTokenRotation, "tokenwarden_token_rotation", kGauge, kNone, "T,state",
       "1 for the step at which an unfinished rotation stands. Absent while there is none."},
      {kTokenFinding, "tokenwarden_token_finding", kGauge, kNone, "T,finding,severity",
       "1 for each thing that is wrong around a living token. Absent otherwise."},
      {kOperatorNeeded, "tokenwarden_operator_needed", kGauge, kNone, "T",
       "1 while a person has to act on the credential, else 0."},
      {kSinkGeneration, "tokenwarden_sink_generation", kGauge, kNone, kSinkLabels,
       "Generation that was last published to the sink; 0 for none."},
      {kSinkLag, "tokenwarden_sink_lag_generations", kGauge, kNone, kSinkLabels,
       "How many generations the sink is behind the credential."},
      {kSinkLastVerified, "tokenwarden_sink_last_verified_timestamp_seconds", kGauge, kSeconds,
       kSinkLabels,
       "Unix time at which the sink was last read and compared; absent before the first time."},
      {kSinkDrifted, "tokenwarden_sink_drifted", kGauge, kNone, kSinkLabels,
       "1 while the sink does not hold what was published, else 0."},
      {kSinkPublishAttempts, "tokenwarden_sink_publish_attempts_total", kCounter, kNone,
       kSinkLabels, "Publishes to the sink that ended, well or not."},
      {kSinkPublishFailures, "tokenwarden_sink_publish_failures_total", kCounter, kNone,
       "T,sink,target,reason", "Publishes to the sink that failed."},
      {kTokens, "tokenwarden_tokens", kGauge, kNone, "provider,lifetime",
       "Credentials under management."},
      {kRefreshInFlight, "tokenwarden_refresh_in_flight", kGauge, kNone, "provider",
       "Refreshes between intent and the new value being current."},
      {kClockSkew, "tokenwarden_clock_skew_seconds", kGauge, kSeconds, kNone,
       "Local clock minus the issuer's, from the newest answer that had a date; absent before."},
      {kInspections, "tokenwarden_inspections_total", kCounter, kNone, "provider,verdict",
       "Inspections by what they showed."},
      {kRefreshAttempts, "tokenwarden_refresh_attempts_total", kCounter, kNone, "provider",
       "Refresh attempts started."},
      {kRefreshFailures, "tokenwarden_refresh_failures_total", kCounter, kNone, "provider,reason",
       "Refresh attempts that failed."},
      {kRefreshDuration, "tokenwarden_refresh_duration_seconds", kHistogram, kSeconds, "provider",
       "Duration of refresh attempts, from the start to the proven value or the failure."},
      {kUpstreamResponses, "tokenwarden_upstream_responses_total", kCounter, kNone,
       "provider,endpoint,code", "Answers of the issuer by HTTP status; code none for no answer."},
      {kUpstreamDuration, "tokenwarden_upstream_request_duration_seconds", kHistogram, kSeconds,
       "provider,endpoint", "Duration of requests to the issuer, where measured."},
      {kSinkPublishDuration, "tokenwarden_sink_publish_duration_seconds", kHistogram, kSeconds,
       "sink", "Duration of publishing to one sink, read-back included, where measured."},
      {kNotifyAttempts, "tokenwarden_notify_attempts_total", kCounter, kNone, "notify",
       "Times a consumer was told of a new generation, well or not."},
      {kNotifyFailures, "tokenwarden_notify_failures_total", kCounter, kNone, "notify,reason",
       "Times a consumer could not be told."},
      {kStoreErrors, "tokenwarden_store_errors_total", kCounter, kNone, "reason",
       "Operations of the state store that failed."},
      {kGrpcRequests, "tokenwarden_grpc_requests_total", kCounter, kNone, "method,code",
       "gRPC calls served."},
      {kLogMessages, "tokenwarden_log_messages_total", kCounter, kNone, "level",
       "Events by log level, whether or not that level is written."},
      {kBuildInfo, "tokenwarden_build_info", kGauge, kNone, "version,revision,compiler",
       "Build of the running agent, constant 1."},
      {kConfigReloadOk, "tokenwarden_config_last_reload_successful", kGauge, kNone, kNone,
       "1 if the last configuration load succeeded, else 0."},
      {kConfigReloadTime, "tokenwarden_config_last_reload_success_timestamp_seconds", kGauge,
       kSeconds, kNone, "Unix time of the last good configuration load."},
      {kSchedulerHeartbeat, "tokenwarden_scheduler_heartbeat_timestamp_seconds", kGauge, kSeconds,
       kNone,
       "Unix time of the scheduler's last look for due work; it looks when something is due, not "
       "on a beat."},
      {kRefreshQueue, "tokenwarden_refresh_queue_length", kGauge, kNone, kNone,
       "Refreshes waiting to run."},
      {kMetricsSeries, "tokenwarden_metrics_series", kGauge, kNone, kNone,
       "Series in this exposition."},
      {kMetricsRenderDuration, "tokenwarden_metrics_render_duration_seconds", kGauge, kSeconds,
       kNone,
       "Time it took to render the part that belongs to credentials, the last time it changed."},
      {kProcessCpu, "process_cpu_seconds_total", kCounter, kSeconds, kNone,
       "Total user and system CPU time spent in seconds."},
      {kProcessRss, "process_resident_memory_bytes", kGauge, kBytes, kNone,
       "Resident memory size in bytes."},
      {kProcessVirtual, "process_virtual_memory_bytes", kGauge, kBytes, kNone,
       "Virtual memory size in bytes."},
      {kProcessOpenFds, "process_open_fds", kGauge, kNone, kNone,
       "Number of open file descriptors."},
      {kProcessMaxFds, "process_max_fds", kGauge, kNone, kNone,
       "Maximum number of open file descriptors."},
      {kProcessStart, "process_start_time_seconds", kGauge, kSeconds, kNone,
       "Start time of the process since unix epoch in seconds."},
  };
}

}  // namespace

std::string_view ToString(Type type) {
  switch (type) {
    case Type::kGauge:
      return "gauge";
    case Type::kCounter:
      return "counter";
    case Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

const std::vector<MetricRow>& Catalog() {
  static const std::vector<MetricRow> catalog = MakeCatalog();
  return catalog;
}

// Rows stand in the order of the enumeration; a test holds them to it.
const MetricRow& RowOf(Metric metric) { return Catalog()[static_cast<std::size_t>(metric)]; }

}  // namespace tokenwarden::metrics
