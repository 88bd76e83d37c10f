#include "agent/adapters/metrics/event_counters.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "agent/adapters/metrics/catalog.h"
#include "agent/adapters/metrics/metrics_page.h"
#include "agent/core/utf8.h"

namespace tokenwarden::metrics {
namespace {

constexpr std::size_t kMostWords = 100;
constexpr std::string_view kOther = "_other";

constexpr std::string_view kVerdicts[] = {"valid",      "expired",        "revoked",
                                          "malformed",  "wrong_identity", "under_scoped",
                                          "restricted", "indeterminate"};
// So that the first failure after a start is an increase from 0 and not a new series.
constexpr std::string_view kUsualRefreshFailures[] = {
    "timeout",        "connect",      "connection_lost", "dns",        "tls",
    "rate_limited",   "outage",       "bad_reply",       "not_proven", "dead",
    "wrong_identity", "misses_scope", "shorter_life",    "loses_never"};
constexpr std::string_view kUsualStoreErrors[] = {"disk_full", "read_only", "stale"};
constexpr std::string_view kNotifyKinds[] = {"exec", "signal", "http"};
constexpr std::string_view kSinkKinds[] = {"dotenv", "file"};
constexpr std::string_view kMethods[] = {"ListTokens",   "GetToken",    "CheckToken",
                                         "RefreshToken", "SubmitToken", "ExplainToken",
                                         "GetInfo",      "Reload",      "HealthCheck"};
constexpr std::pair<LogLevel, std::string_view> kLevels[] = {{LogLevel::kDebug, "debug"},
                                                             {LogLevel::kInfo, "info"},
                                                             {LogLevel::kWarn, "warn"},
                                                             {LogLevel::kError, "error"}};

// Part of the contract: changing them breaks everybody's queries.
prometheus::Histogram::BucketBoundaries Buckets() {
  return {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

double InSeconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string S(std::string_view text) { return std::string(text); }

template <typename Builder>
auto& Register(Builder builder, prometheus::Registry& registry, Metric metric) {
  const MetricRow& row = RowOf(metric);
  return builder.Name(S(row.name)).Help(S(row.help)).Register(registry);
}

}  // namespace

struct EventCounters::Families {
  template <typename T>
  using Family = prometheus::Family<T>;
  using Counter = Family<prometheus::Counter>;
  using Gauge = Family<prometheus::Gauge>;
  using Histogram = Family<prometheus::Histogram>;

  Counter& NewCounter(Metric metric) {
    return Register(prometheus::BuildCounter(), registry, metric);
  }
  Gauge& NewGauge(Metric metric) { return Register(prometheus::BuildGauge(), registry, metric); }
  Histogram& NewHistogram(Metric metric) {
    return Register(prometheus::BuildHistogram(), registry, metric);
  }

  prometheus::Registry registry;
  Counter& inspections = NewCounter(Metric::kInspections);
  Counter& refresh_attempts = NewCounter(Metric::kRefreshAttempts);
  Counter& refresh_failures = NewCounter(Metric::kRefreshFailures);
  Histogram& refresh_duration = NewHistogram(Metric::kRefreshDuration);
  Counter& upstream_responses = NewCounter(Metric::kUpstreamResponses);
  Histogram& upstream_duration = NewHistogram(Metric::kUpstreamDuration);
  Histogram& publish_duration = NewHistogram(Metric::kSinkPublishDuration);
  Counter& notify_attempts = NewCounter(Metric::kNotifyAttempts);
  Counter& notify_failures = NewCounter(Metric::kNotifyFailures);
  Counter& store_errors = NewCounter(Metric::kStoreErrors);
  Counter& grpc_requests = NewCounter(Metric::kGrpcRequests);
  Counter& log_messages = NewCounter(Metric::kLogMessages);
  Gauge& build_info = NewGauge(Metric::kBuildInfo);
  prometheus::Gauge& reload_ok = NewGauge(Metric::kConfigReloadOk).Add({});
  prometheus::Gauge& reload_time = NewGauge(Metric::kConfigReloadTime).Add({});
};

EventCounters::EventCounters(const Clock& clock, const BuildInfo& build)
    : clock_(clock), families_(std::make_unique<Families>()) {
  Families& f = *families_;
  const std::string meta = "meta";
  for (const auto verdict : kVerdicts)
    f.inspections.Add({{"provider", meta}, {"verdict", S(verdict)}});
  f.refresh_attempts.Add({{"provider", meta}});
  f.refresh_duration.Add({{"provider", meta}}, Buckets());
  for (const auto reason : kUsualRefreshFailures) {
    f.refresh_failures.Add({{"provider", meta}, {"reason", S(Bounded("reason", reason))}});
  }
  for (const auto reason : kUsualStoreErrors) {
    f.store_errors.Add({{"reason", S(Bounded("reason", reason))}});
  }
  for (const auto kind : kNotifyKinds) f.notify_attempts.Add({{"notify", S(kind)}});
  for (const auto kind : kSinkKinds) f.publish_duration.Add({{"sink", S(kind)}}, Buckets());
  for (const auto method : kMethods) f.grpc_requests.Add({{"method", S(method)}, {"code", "OK"}});
  for (const auto& level : kLevels) f.log_messages.Add({{"level", S(level.second)}});
  f.build_info
      .Add({{"version", CleanUtf8(build.version)},
            {"revision", CleanUtf8(build.revision)},
            {"compiler", CleanUtf8(build.compiler)}})
      .Set(1);
  // There is no agent without a configuration that was good when it started.
  f.reload_ok.Set(1);
  f.reload_time.Set(static_cast<double>(ToUnix(clock.Now())));
}

EventCounters::~EventCounters() = default;

// Words from outside, so that nobody can make series without end.
std::string_view EventCounters::Bounded(std::string_view label, std::string_view value) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  constexpr std::size_t kLongest = 64;
  if (value.empty()) return "none";
  if (value.size() > kLongest || !std::all_of(value.begin(), value.end(), is_word)) return kOther;
  auto& known = words_[S(label)];
  if (known.find(value) != known.end()) return value;
  if (known.size() >= kMostWords) return kOther;
  known.insert(S(value));
  return value;
}

void EventCounters::On(const Event& event) {
  using enum Event::Kind;
  std::lock_guard<std::mutex> lock(mutex_);
  Families& f = *families_;
  for (const auto& level : kLevels) {
    if (level.first == event.level) f.log_messages.Add({{"level", S(level.second)}}).Increment();
  }
  switch (event.kind) {
    case kInspected:
    case kStateChanged:
      return OnInspected(event);
    case kRenewalStarted:
    case kRenewalSucceeded:
    case kRenewalFailed:
      return OnRefresh(event);
    case kPublished:
    case kPublishFailed:
      return OnPublish(event);
    case kNotified:
    case kNotifyFailed:
      return OnNotify(event);
    case kIssuerReplied:
      return OnReplied(event);
    case kStoreFailed:
      f.store_errors.Add({{"reason", S(Bounded("reason", event.reason))}}).Increment();
      return;
    case kConfigReloaded:
      f.reload_ok.Set(1);
      f.reload_time.Set(static_cast<double>(ToUnix(clock_.Now())));
      return;
    case kConfigRejected:
      f.reload_ok.Set(0);
      return;
    case kRpcServed:
      f.grpc_requests
          .Add({{"method", S(Bounded("method", event.endpoint))},
                {"code", S(Bounded("rpc", event.reason))}})
          .Increment();
      return;
    case kDrifted:
    case kNeedsOperator:
    case kRotationStep:
    case kAgent:
      return;  // gauges from the state say it
  }
}

// A changed state that came from an inspection has its verdict as the reason.
void EventCounters::OnInspected(const Event& event) {
  const bool verdict =
      std::find(std::begin(kVerdicts), std::end(kVerdicts), event.reason) != std::end(kVerdicts);
  if (!verdict) return;
  families_->inspections
      .Add({{"provider", S(Bounded("provider", event.provider))}, {"verdict", event.reason}})
      .Increment();
  if (!event.endpoint.empty()) OnReplied(event);
}

void EventCounters::OnReplied(const Event& event) {
  const std::string provider = S(Bounded("provider", event.provider));
  const std::string endpoint = S(Bounded("endpoint", event.endpoint));
  const std::string code =
      event.code >= 100 && event.code <= 599 ? std::to_string(event.code) : "none";
  families_->upstream_responses
      .Add({{"provider", provider}, {"endpoint", endpoint}, {"code", code}})
      .Increment();
  if (event.duration.count() <= 0) return;
  families_->upstream_duration.Add({{"provider", provider}, {"endpoint", endpoint}}, Buckets())
      .Observe(InSeconds(event.duration));
}

void EventCounters::OnRefresh(const Event& event) {
  const std::string provider = S(Bounded("provider", event.provider));
  if (event.kind == Event::Kind::kRenewalStarted) {
    families_->refresh_attempts.Add({{"provider", provider}}).Increment();
    refresh_began_[event.credential] = clock_.SteadyNow();
    return;
  }
  if (event.kind == Event::Kind::kRenewalFailed) {
    families_->refresh_failures
        .Add({{"provider", provider}, {"reason", S(Bounded("reason", event.reason))}})
        .Increment();
  }
  const auto began = refresh_began_.find(event.credential);
  if (began == refresh_began_.end()) return;  // it began before a restart
  families_->refresh_duration.Add({{"provider", provider}}, Buckets())
      .Observe(InSeconds(clock_.SteadyNow() - began->second));
  refresh_began_.erase(began);
}

void EventCounters::OnPublish(const Event& event) {
  sinks_.Count(event, Bounded("reason", event.reason));
  if (event.duration.count() <= 0) return;
  families_->publish_duration.Add({{"sink", S(Bounded("sink", event.sink))}}, Buckets())
      .Observe(InSeconds(event.duration));
}

void EventCounters::OnNotify(const Event& event) {
  const std::string kind = S(Bounded("notify", event.sink));
  families_->notify_attempts.Add({{"notify", kind}}).Increment();
  if (event.kind != Event::Kind::kNotifyFailed) return;
  families_->notify_failures.Add({{"notify", kind}, {"reason", S(Bounded("reason", event.reason))}})
      .Increment();
}

std::string EventCounters::Serialize() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

SinkCounters EventCounters::sinks() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return sinks_;
}

std::uint64_t EventCounters::sinks_version() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return sinks_.version();
}

}  // namespace tokenwarden::metrics
