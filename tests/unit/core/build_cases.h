// Builders that make the irrelevant disappear. All times are offsets from one instant.
#pragma once

#include <string>

#include "agent/core/observation.h"
#include "agent/core/refresh_policy.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"

namespace tokenwarden {

inline constexpr Instant kNow{Seconds{1'795'168'800}};  // 2026-11-20T10:00:00Z

inline Observation Seen(Verdict verdict, Reason reason) {
  Observation seen;
  seen.verdict = verdict;
  seen.reason = reason;
  seen.evidence.endpoint = "debug_token";
  seen.evidence.observed_at = kNow;
  seen.facts.kind = "system_user";
  seen.facts.app_id = "100";
  seen.facts.user_id = "200";
  seen.facts.scopes = {"messaging", "management"};
  return seen;
}

inline Observation Valid() { return Seen(Verdict::kValid, Reason::kConfirmed); }

// Alive, and ends `left` from now; issued so that it lives sixty days in all.
inline Observation ValidFor(Seconds left, Seconds life = kDay * 60) {
  Observation seen = Valid();
  seen.facts.lifetime = Lifetime::kFinite;
  seen.facts.expires_at = kNow + left;
  seen.facts.issued_at = kNow + left - life;
  return seen;
}

inline Observation ValidForever() {
  Observation seen = Valid();
  seen.facts.lifetime = Lifetime::kNever;
  return seen;
}

inline SinkSpec DotenvSink(const std::string& path = ".env", Drift drift = Drift::kRepair) {
  SinkSpec sink;
  sink.path = path;
  sink.key = "TOKEN";
  sink.drift = drift;
  return sink;
}

// One credential in good order: generation 1, seen just now, fifty of sixty days left, nothing due.
struct Credential {
  Credential() {
    spec.name = "whatsapp";
    spec.source = SourceSpec{SourceKind::kDotenv, ".env", "TOKEN"};
    state.name = spec.name;
    state.generation = 1;
    state.fingerprint.text = "hmac:0000000000000001";
    state.generation_since = kNow - kDay * 10;
    state.spec_digest = "digest";
    See(ValidFor(kDay * 50));
  }

  void See(Observation seen) {
    seen.evidence.observed_at = kNow;
    state.conclusive = std::move(seen);
    state.inspect.last_at = state.inspect.last_success_at = kNow;
  }
  void AddSink(const SinkSpec& sink, Generation generation) {
    spec.sinks.push_back(sink);
    SinkState known;
    known.target = sink.Target();
    known.generation = generation;
    state.sinks.push_back(known);
  }

  Snapshot snapshot() const {
    Snapshot s{spec, state};
    s.can_refresh = can_refresh;
    s.cannot_refresh_why = cannot_refresh_why;
    s.asked_inspect = asked_inspect;
    s.asked_refresh = asked_refresh;
    s.spec_digest = spec_digest;
    s.can_replace_dead = can_replace_dead;
    return s;
  }
  Decision DecideAt(Instant now) const { return Decide(snapshot(), now); }
  Decision DecideNow() const { return DecideAt(kNow); }

  CredentialSpec spec;
  CredentialState state;
  bool can_refresh = true;
  std::string cannot_refresh_why;
  bool asked_inspect = false;
  bool asked_refresh = false;
  std::string spec_digest = "digest";
  bool can_replace_dead = false;
};

}  // namespace tokenwarden
