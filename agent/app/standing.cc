#include "agent/app/standing.h"

#include <utility>

#include "agent/app/rotation_steps.h"
#include "agent/core/due.h"
#include "agent/core/sentence.h"

namespace tokenwarden {
namespace {

struct Standing {
  Work& work;
  const Rotation& rotation;
  const Decision& next;

  const CredentialState& state() const { return work.state(); }
  const std::string& name() const { return work.spec().name; }
};

std::string At(Instant at, Instant now) {
  return at <= now ? "now" : "in " + FormatDuration(at - now) + ", at " + FormatUtc(at);
}

std::string Policy(const Standing& s) {
  return "The policy decides anew: " + std::string(ToString(s.next.action)) + ", because " +
         s.next.sentence;
}

std::string AfterIntent(const Standing& s) {
  return Sentences({"The one request is sent as soon as this step is durable",
                    "After a restart it counts as never sent", Policy(s)});
}

std::string AfterRequest(const Standing& s) {
  return Sentences({"The reply is awaited and stored before it is read",
                    "If none comes: " + std::string(RecoveryOf(s.work).why)});
}

std::string AfterReply(const Standing&) {
  return "The stored reply is read; the issuer is not asked again";
}

std::string AfterCandidate(const Standing& s) {
  const Attempts& asked = s.state().inspect;
  std::string wait;
  if (asked.consecutive_failures > 0) {
    wait = "It waits for the issuer since " + std::to_string(asked.consecutive_failures) +
           " tries without an answer";
    if (!asked.last_error.empty()) wait += ": " + asked.last_error;
  }
  return Sentences({"It is inspected, matched and compared with the value in use", wait,
                    "No sink sees it before that"});
}

std::string AfterProof(const Standing&) { return "One commit makes it the value in use"; }

std::string AfterPromotion(const Standing& s) {
  Work& work = s.work;
  const Snapshot snapshot{work.spec(), work.state()};
  std::string missing;
  for (const SinkSpec& spec : work.spec().sinks) {
    for (const SinkState& sink : work.state().sinks) {
      const bool behind = sink.target == spec.Target() &&
                          (sink.generation != work.state().generation || sink.drifted);
      if (!behind) continue;
      const Instant due = SinkDueAt(snapshot, spec, work.now());
      missing += (missing.empty() ? "" : ", ") + sink.target;
      missing += due == kNothingDue ? " (left alone until `tokenwarden sync " + s.name() + "`)"
                                    : " (" + At(due, work.now()) + ")";
    }
  }
  return missing.empty() ? "Every sink holds it; each is read back once more"
                         : "It is published to " + missing;
}

std::string AfterPublishing(const Standing& s) {
  const Instant since = s.state().generation_since.value_or(s.work.now());
  const std::string revoked = s.work.spec().renew.revoke_old ? "revoked at the issuer and " : "";
  return "It settles " + At(since + s.work.spec().settle, s.work.now()) +
         "; then the value before it is " + revoked + "wiped. Until then `tokenwarden rollback " +
         s.name() + "` brings that one back";
}

std::string AfterSettling(const Standing& s) {
  if (s.work.keeper().revoke_failures == 0) return "The value before it is wiped";
  return "The value before it could not be revoked yet; it is tried again " +
         At(s.work.keeper().revoke_not_before, s.work.now());
}

std::string AfterTheEnd(const Standing& s) { return Sentences({"It is finished", Policy(s)}); }

std::string AfterLoss(const Standing& s) {
  const RecoveryRow& row = RecoveryOf(s.work);
  if (row.step == AfterLostReply::kAskOperator) {
    return Sentences({"It waits for a value that is brought: `tokenwarden submit " + s.name() + "`",
                      std::string(row.why)});
  }
  return Sentences({"The issuer is asked again: " + std::string(row.why), Policy(s)});
}

std::string AfterRefusal(const Standing& s) {
  if (!s.rotation.has_candidate) return AfterTheEnd(s);
  return Sentences({"The refused value is kept aside; nothing is done with it by itself",
                    "To take it all the same: `tokenwarden submit " + s.name() +
                        " --kept-aside --accept-worse REASON`"});
}

std::string AfterFailure(const Standing& s) {
  return Sentences({"The value in use stays as it is", Policy(s)});
}

struct Row {
  RotationState state;
  std::string (*next)(const Standing&);
};
constexpr Row kRows[] = {
    {RotationState::kIntent, AfterIntent},        {RotationState::kRequested, AfterRequest},
    {RotationState::kReceived, AfterReply},       {RotationState::kCandidate, AfterCandidate},
    {RotationState::kProven, AfterProof},         {RotationState::kCurrent, AfterPromotion},
    {RotationState::kPublished, AfterPublishing}, {RotationState::kSettled, AfterSettling},
    {RotationState::kRetired, AfterTheEnd},       {RotationState::kAmbiguous, AfterLoss},
    {RotationState::kRefused, AfterRefusal},      {RotationState::kFailed, AfterFailure},
};

}  // namespace

std::string WhatHappensNext(Work& work, const Rotation& rotation, const Decision& next) {
  for (const Row& row : kRows) {
    if (row.state == rotation.state) return row.next(Standing{work, rotation, next});
  }
  return "";
}

}  // namespace tokenwarden
