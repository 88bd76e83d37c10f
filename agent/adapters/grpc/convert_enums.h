// Enumerators of the core and of the wire, side by side.
#pragma once

#include <utility>

#include "agent/core/observation.h"
#include "agent/core/refresh_policy.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"
#include "tokenwarden/v1/token.pb.h"
#include "tokenwarden/v1/token_service.pb.h"

namespace tokenwarden::grpc_adapter {

inline constexpr std::pair<Verdict, v1::Verdict> kVerdicts[] = {
    {Verdict::kIndeterminate, v1::VERDICT_INDETERMINATE},  // first: stands for the unknown
    {Verdict::kValid, v1::VERDICT_VALID},
    {Verdict::kExpired, v1::VERDICT_EXPIRED},
    {Verdict::kRevoked, v1::VERDICT_REVOKED},
    {Verdict::kMalformed, v1::VERDICT_MALFORMED},
    {Verdict::kWrongIdentity, v1::VERDICT_WRONG_IDENTITY},
    {Verdict::kUnderScoped, v1::VERDICT_UNDER_SCOPED},
    {Verdict::kRestricted, v1::VERDICT_RESTRICTED},
};

inline constexpr std::pair<Lifetime, v1::Lifetime> kLifetimes[] = {
    {Lifetime::kUnknown, v1::LIFETIME_UNKNOWN},
    {Lifetime::kFinite, v1::LIFETIME_FINITE},
    {Lifetime::kNever, v1::LIFETIME_NEVER},
};

inline constexpr std::pair<DeadlineReason, v1::DeadlineReason> kDeadlineReasons[] = {
    {DeadlineReason::kUnknown, v1::DEADLINE_REASON_UNKNOWN},
    {DeadlineReason::kAccessExpiry, v1::DEADLINE_REASON_ACCESS_EXPIRY},
    {DeadlineReason::kDataAccessExpiry, v1::DEADLINE_REASON_DATA_ACCESS_EXPIRY},
    {DeadlineReason::kRefreshExpiry, v1::DEADLINE_REASON_REFRESH_EXPIRY},
    {DeadlineReason::kKeyExpiry, v1::DEADLINE_REASON_KEY_EXPIRY},
    {DeadlineReason::kVersionSunset, v1::DEADLINE_REASON_VERSION_SUNSET},
    {DeadlineReason::kNever, v1::DEADLINE_REASON_NEVER},
};

inline constexpr std::pair<Severity, v1::Severity> kSeverities[] = {
    {Severity::kFail, v1::SEVERITY_FAIL},
    {Severity::kWarn, v1::SEVERITY_WARN},
    {Severity::kInfo, v1::SEVERITY_INFO},
};

inline constexpr std::pair<Origin, v1::Origin> kOrigins[] = {
    {Origin::kSource, v1::ORIGIN_SOURCE},     {Origin::kRefresh, v1::ORIGIN_REFRESH},
    {Origin::kSubmit, v1::ORIGIN_SUBMIT},     {Origin::kAdopt, v1::ORIGIN_ADOPT},
    {Origin::kRollback, v1::ORIGIN_ROLLBACK},
};

inline constexpr std::pair<RotationState, v1::RotationState> kRotationStates[] = {
    {RotationState::kAmbiguous, v1::ROTATION_STATE_AMBIGUOUS},
    {RotationState::kIntent, v1::ROTATION_STATE_INTENT},
    {RotationState::kRequested, v1::ROTATION_STATE_REQUESTED},
    {RotationState::kReceived, v1::ROTATION_STATE_RECEIVED},
    {RotationState::kCandidate, v1::ROTATION_STATE_CANDIDATE},
    {RotationState::kProven, v1::ROTATION_STATE_PROVEN},
    {RotationState::kCurrent, v1::ROTATION_STATE_CURRENT},
    {RotationState::kPublished, v1::ROTATION_STATE_PUBLISHED},
    {RotationState::kSettled, v1::ROTATION_STATE_SETTLED},
    {RotationState::kRetired, v1::ROTATION_STATE_RETIRED},
    {RotationState::kRefused, v1::ROTATION_STATE_REFUSED},
    {RotationState::kFailed, v1::ROTATION_STATE_FAILED},
};

inline constexpr std::pair<SinkKind, v1::SinkKind> kSinkKinds[] = {
    {SinkKind::kFile, v1::SINK_KIND_FILE},
    {SinkKind::kDotenv, v1::SINK_KIND_DOTENV},
    {SinkKind::kVault, v1::SINK_KIND_VAULT},
    {SinkKind::kKubernetes, v1::SINK_KIND_KUBERNETES},
};

inline constexpr std::pair<Drift, v1::Drift> kDrifts[] = {
    {Drift::kAlarm, v1::DRIFT_ALARM},
    {Drift::kRepair, v1::DRIFT_REPAIR},
    {Drift::kAdopt, v1::DRIFT_ADOPT},
};

inline constexpr std::pair<Action, v1::Action> kActions[] = {
    {Action::kNeedsOperator, v1::ACTION_NEEDS_OPERATOR},
    {Action::kHold, v1::ACTION_HOLD},
    {Action::kInspect, v1::ACTION_INSPECT},
    {Action::kRefresh, v1::ACTION_REFRESH},
    {Action::kPublish, v1::ACTION_PUBLISH},
};

template <typename Core, typename Wire, std::size_t N>
constexpr Wire ToWire(const std::pair<Core, Wire> (&rows)[N], Core value) {
  for (const auto& row : rows) {
    if (row.first == value) return row.second;
  }
  return Wire{};  // UNSPECIFIED
}

template <typename Core, typename Wire, std::size_t N>
constexpr Core FromWire(const std::pair<Core, Wire> (&rows)[N], Wire value) {
  for (const auto& row : rows) {
    if (row.second == value) return row.first;
  }
  return rows[0].first;
}

}  // namespace tokenwarden::grpc_adapter
