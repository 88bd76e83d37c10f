#include "agent/app/retirement.h"

#include <algorithm>
#include <string>
#include <vector>

#include "agent/app/rotation_steps.h"
#include "agent/core/refresh_policy.h"

namespace tokenwarden {
namespace {

constexpr Seconds kRevokeFirst = kMinute;
constexpr Seconds kRevokeCeiling = kHour * 6;

bool EverySinkHas(const CredentialState& state) {
  return std::all_of(state.sinks.begin(), state.sinks.end(), [&](const SinkState& sink) {
    return sink.generation == state.generation && !sink.drifted && sink.verified_at;
  });
}

// Consumers are told when every sink was tried: a broken sink must not keep the others' news back.
bool EverySinkWasTried(const CredentialState& state) {
  return std::all_of(state.sinks.begin(), state.sinks.end(), [&](const SinkState& sink) {
    return sink.generation == state.generation || sink.consecutive_failures > 0;
  });
}

// Claimed before the message goes out: after a crash in between a consumer may be told never, but
// never twice.
void TellConsumers(Work& work) {
  const CredentialState& state = work.state();
  if (work.spec().notify.empty() || !EverySinkWasTried(state)) return;
  const bool nothing_new = state.generation == 1 && state.origin == Origin::kSource;
  for (const NotifySpec& spec : work.spec().notify) {
    Result<bool> first = work.deps().store.ClaimNotification(work.spec().name, spec.Target(),
                                                             state.generation, work.now());
    if (!first || !*first || nothing_new) continue;
    Status told = work.deps().notifier.Notify(
        spec, Notice{work.spec().name, work.spec().tenant, state.generation, state.fingerprint});
    Event event = work.MakeEvent(told ? Event::Kind::kNotified : Event::Kind::kNotifyFailed,
                                 told ? LogLevel::kInfo : LogLevel::kError,
                                 told ? "consumer told" : "consumer could not be told");
    event.sink = std::string(ToString(spec.kind));
    // The arguments of a command are the user's business: the log names the program.
    event.target = spec.kind == NotifyKind::kExec ? spec.command.front() : spec.Target();
    if (!told) {
      event.reason = told.error().reason;
      event.fields = {{"error", told.error().message}, {"action", told.error().action}};
    }
    work.Tell(event);
  }
}

// ---- revoking ----

void TellRevocation(Work& work, const StoredGeneration& old, const Status& revoked) {
  Event event = work.MakeEvent(Event::Kind::kAgent, revoked ? LogLevel::kInfo : LogLevel::kWarn,
                               revoked ? "the old value was revoked at the issuer"
                                       : "the old value could not be revoked at the issuer");
  event.fields = {{"generation", std::to_string(old.generation)},
                  {"fingerprint", old.fingerprint.text}};
  if (!revoked) {
    event.reason = revoked.error().reason;
    event.fields.emplace_back("error", revoked.error().message);
    event.fields.emplace_back("action", revoked.error().action);
  }
  work.Tell(event);
}

// Another credential that holds the same string would lose its value with ours.
bool AnotherHolds(Work& work, const Fingerprint& fingerprint) {
  bool found = false;
  Status visited = work.deps().store.VisitStates([&](const CredentialState& state) {
    found = found || (state.name != work.spec().name && state.fingerprint == fingerprint);
  });
  return found || !visited;  // what cannot be known is not risked
}

bool IsClearNo(const Error& error) {
  return error.kind == ErrorKind::kFailedPrecondition ||
         error.kind == ErrorKind::kInvalidArgument || error.kind == ErrorKind::kPermissionDenied ||
         error.kind == ErrorKind::kNotFound;
}

// False: the issuer could not be asked; it is tried again.
bool RevokeOne(Work& work, const StoredGeneration& old, const Secret& current) {
  const std::string which =
      "generation " + std::to_string(old.generation) + " (" + old.fingerprint.text + ")";
  Result<Secret> value = work.deps().store.LoadValue(work.spec().name, old.generation);
  if (!value) {
    work.Audit("not_revoked", which + " cannot be read back: " + value.error().message);
    return true;
  }
  const bool same = value->EqualsInConstantTime(current) || AnotherHolds(work, old.fingerprint);
  if (same) {
    work.Audit("not_revoked", which + " is still in use under another generation or credential");
    return true;
  }
  const IssuerSession session = work.Session();
  const Status revoked =
      work.deps().provider.Revoke(session.context(), *value, current, work.deps().http);
  TellRevocation(work, old, revoked);
  if (!revoked && !IsClearNo(revoked.error())) return false;
  work.Audit(revoked ? "revoked" : "not_revoked",
             revoked ? which + " was revoked at the issuer"
                     : which + " was not revoked: " + revoked.error().message);
  return true;
}

// When to try again; nothing when all that can be done is done.
std::optional<Instant> RevokeOldValues(Work& work) {
  Keeper& keeper = work.keeper();
  if (!work.spec().renew.revoke_old) return std::nullopt;
  const Instant now = work.now();
  if (now < keeper.revoke_not_before && now + kRevokeCeiling >= keeper.revoke_not_before) {
    return keeper.revoke_not_before;
  }
  Result<std::vector<StoredGeneration>> known = work.deps().store.LoadGenerations(work.spec().name);
  Result<Secret> current = work.CurrentValue();
  bool done = known && current;
  for (std::size_t i = 0; done && i < known->size(); ++i) {
    const StoredGeneration& old = (*known)[i];
    if (old.retired || old.generation >= work.state().generation) continue;
    done = RevokeOne(work, old, *current);
  }
  if (done) {
    keeper.revoke_failures = 0;
    return std::nullopt;
  }
  ++keeper.revoke_failures;
  keeper.revoke_not_before =
      now + BackoffDelay(keeper.revoke_failures, kRevokeFirst, kRevokeCeiling, std::nullopt);
  return keeper.revoke_not_before;
}

bool IsPublishing(RotationState state) {
  return state == RotationState::kCurrent || state == RotationState::kPublished ||
         state == RotationState::kSettled;
}

}  // namespace

std::optional<Instant> FinishRotation(Work& work) {
  CredentialState& state = work.state();
  if (!state.rotation || state.generation == 0 || work.keeper().in_doubt) return std::nullopt;
  if (!IsPublishing(*state.rotation)) return std::nullopt;
  TellConsumers(work);
  if (!EverySinkHas(state)) return std::nullopt;
  Result<std::optional<Rotation>> latest = work.deps().store.LoadLatestRotation(work.spec().name);
  if (!latest || !*latest) return std::nullopt;
  const Rotation& rotation = **latest;
  if (rotation.state == RotationState::kCurrent &&
      !Step(work, rotation, To(RotationState::kPublished))) {
    return std::nullopt;
  }
  const Instant settled_at = state.generation_since.value_or(work.now()) + work.spec().settle;
  if (work.now() < settled_at) {
    work.Save();
    return settled_at;
  }
  const bool settled = rotation.state == RotationState::kSettled ||
                       Step(work, rotation, To(RotationState::kSettled)).has_value();
  if (!settled) return std::nullopt;
  if (const std::optional<Instant> again = RevokeOldValues(work)) return again;
  Status wiped = work.deps().store.Retire(work.spec().name, state.generation, work.now());
  if (wiped) {
    static_cast<void>(Step(work, rotation, To(RotationState::kRetired)));
  } else {
    work.TellError(Event::Kind::kStoreFailed, "the previous value could not be wiped yet",
                   wiped.error());
  }
  work.Save();
  return std::nullopt;
}

}  // namespace tokenwarden
