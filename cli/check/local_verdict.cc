#include "cli/check/local_verdict.h"

#include "agent/core/paste_check.h"

namespace tokenwarden::cli {
namespace {

Observation Looked(Reason reason, std::string message, std::string action, Instant now) {
  Observation seen;
  seen.verdict = VerdictOf(reason);
  seen.reason = reason;
  seen.message = std::move(message);
  seen.action = std::move(action);
  seen.evidence.observed_at = now;
  return seen;
}

// Any text may be a shared secret; only what is certainly none is a fault.
std::optional<Observation> JudgeSharedSecret(const Target& target, Instant now) {
  const auto problem = CheckPaste(target.value);
  const bool certain = problem && (problem->reason == Reason::kEmptyValue ||
                                   problem->reason == Reason::kPlaceholder);
  if (certain) return Looked(problem->reason, problem->message, problem->action, now);
  return Looked(Reason::kNotConfigured,
                "present; it is a shared secret for webhooks and not a Graph token, so nobody can "
                "be asked about it",
                "", now);
}

}  // namespace

std::optional<Observation> JudgeLocally(const Target& target, Instant now) {
  if (target.problem) {
    return Looked(Reason::kNotConfigured, target.problem->message, target.problem->action, now);
  }
  if (target.use == Use::kSharedSecret) return JudgeSharedSecret(target, now);
  const auto problem = CheckPaste(target.value);
  if (!problem) return std::nullopt;
  return Looked(problem->reason, problem->message, problem->action, now);
}

}  // namespace tokenwarden::cli
