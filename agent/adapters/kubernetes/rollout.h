// Rollout: replaces the pods of a workload by a change of their template, as `kubectl rollout
// restart` does, but told by what they are to read and not by when it was asked: the annotation
// `tokenwarden.dev/token-fingerprint` of the pod template lists `credential=fingerprint`, so the
// same generation replaces the pods once, whoever asks and however often.
//
// The workload's own annotation `tokenwarden.dev/rolled-out-at` says when, so that all replicas
// keep the interval together. Nothing else of the workload is changed.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "agent/adapters/kubernetes/client.h"
#include "agent/core/result.h"
#include "agent/core/time.h"

namespace tokenwarden::kubernetes {

struct Workload {
  const Resource* resource = nullptr;
  ObjectName object;
};
// `namespace/deployment/name` or `deployment/name`; also statefulset and daemonset.
// kInvalidArgument `no_workload`, `unknown_workload`, `bad_name`.
Result<Workload> ParseWorkload(const std::string& text, const std::string& default_namespace);

struct RolloutOrder {
  Workload workload;
  std::map<std::string, std::string> fingerprints;  // by credential
  Seconds min_interval{0};
  std::chrono::milliseconds timeout{10000};
};

// Nullopt: the pods are being replaced, or were for this already. Else: not before then.
Result<std::optional<Instant>> RollOut(Client& client, const RolloutOrder& order);

}  // namespace tokenwarden::kubernetes
