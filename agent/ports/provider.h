// Provider: what one kind of issuer can do. Implementations build requests and read replies; the
// application layer sends the renewal request and owns every retry.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/core/observation.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"
#include "agent/ports/http_client.h"

namespace tokenwarden {

struct Capabilities {
  bool can_refresh = false;
  std::string cannot_refresh_why;  // a sentence, when it cannot
  // A successor can be made without the old value (generated, re-derived, rebuilt): also when that
  // is dead.
  bool can_replace_dead = false;
  // One value can be revoked without touching any other.
  bool can_revoke = false;
  std::string cannot_revoke_why;  // a sentence, when it cannot
  RotationModel rotation_model = RotationModel::kStrictFamily;
  // Of the grace models: how long after the first request the old value may be presented again.
  Seconds grace{0};
};
// A grace without an end: a renewal leaves the old value as it is until its own end.
inline constexpr Seconds kWhileItLives = Seconds::max();

// What an issuer needs to know of one credential for one call. References are resolved by the
// caller; an absent secret means: not configured (or `*_problem` says why it could not be read).
struct ProviderContext {
  const CredentialSpec& spec;
  const std::optional<Secret>& app_secret;
  const std::optional<Secret>& parent_token;    // page re-derivation
  const std::optional<Secret>& generate_token;  // system-user generation
  Instant now;
  std::chrono::milliseconds request_timeout{10000};
};

// A renewal is one request, or (app tokens) a value made locally.
using Renewal = std::variant<HttpRequest, Secret>;

struct RenewedValue {
  Secret value;
  std::optional<Seconds>
      expires_in;  // as the reply said; proof comes from inspection, not from here
};

// Thread-safe; stateless but for caches.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view Name() const = 0;  // `meta`

  // From the newest conclusive observation (may be absent).
  virtual Capabilities CapabilitiesOf(const ProviderContext& context,
                                      const Observation* conclusive) const = 0;

  // Asks the issuer about a value. Never fails: silence is an `indeterminate` observation.
  // `evidence.observed_at` is context.now.
  virtual Observation Inspect(const ProviderContext& context, const Secret& value,
                              HttpClient& http) const = 0;

  // The same for a value that is to replace another one: what is configured as proof beside an
  // inspection (a canary call) is made too.
  virtual Observation Prove(const ProviderContext& context, const Secret& value,
                            HttpClient& http) const {
    return Inspect(context, value, http);
  }

  // Pure. The request has `exactly_once` set.
  virtual Result<Renewal> BuildRenewal(const ProviderContext& context, const Secret& value,
                                       const Observation& conclusive) const = 0;
  // Pure. Reads any reply, also an error reply: kFailedPrecondition with the table's reason for a
  // clear no, kUnavailable / kResourceExhausted for transient ones, kInvalidArgument for our app
  // credentials.
  virtual Result<RenewedValue> ParseRenewal(const HttpReply& reply) const = 0;

  // Revokes `old` alone, in the name of `current`, where CapabilitiesOf says that it can. Safe to
  // repeat: a value that is gone already is a success. kFailedPrecondition and kInvalidArgument: a
  // clear no; everything else may be tried again.
  virtual Status Revoke(const ProviderContext& context, const Secret& old, const Secret& current,
                        HttpClient& http) const {
    (void)old;
    (void)current;
    (void)http;
    return MakeError(ErrorKind::kFailedPrecondition, "cannot_revoke",
                     "a value of " + context.spec.name + " cannot be revoked alone");
  }

  // Which limits are shared: `meta|https://graph.facebook.com|100000000000001`. Requests of one
  // lane share a concurrency limit; lanes never delay each other.
  virtual std::string LaneOf(const CredentialSpec& spec) const = 0;
};

}  // namespace tokenwarden
