// EventListener: hears what happened, for logs and metrics. Cannot fail the work it hears about.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/time.h"

namespace tokenwarden {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct Event {
  enum class Kind {
    kInspected,  // reason = verdict word
    kStateChanged,
    kRenewalStarted,
    kRenewalSucceeded,
    kRenewalFailed,  // reason
    kPublished,      // sink, target
    kPublishFailed,  // sink, target, reason
    kDrifted,        // sink, target
    kNotified,
    kNotifyFailed,
    kNeedsOperator,
    kRotationStep,
    kIssuerReplied,  // endpoint, code
    kStoreFailed,
    kConfigReloaded,
    kConfigRejected,
    kRpcServed,  // endpoint = method, reason = gRPC's word for the outcome: `OK`, `NOT_FOUND`
    kAgent,      // start, stop, anything else
  };
  Kind kind = Kind::kAgent;
  LogLevel level = LogLevel::kInfo;
  std::string message;  // constant sentence for this kind of event
  std::string credential;
  std::string tenant;
  std::string provider;
  std::string reason;
  std::string sink;  // kind of sink: `dotenv`
  std::string target;
  std::string endpoint;
  int code = 0;  // HTTP status
  std::chrono::microseconds duration{0};
  std::vector<std::pair<std::string, std::string>> fields;  // more, for logs only
};

// Thread-safe.
class EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void On(const Event& event) noexcept = 0;
};

}  // namespace tokenwarden
