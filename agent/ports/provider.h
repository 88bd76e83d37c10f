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
  bool can_revoke = false;
  RotationModel rotation_model = RotationModel::kStrictFamily;
};

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

  // Pure. The request has `exactly_once` set.
  virtual Result<Renewal> BuildRenewal(const ProviderContext& context, const Secret& value,
                                       const Observation& conclusive) const = 0;
  // Pure. Reads any reply, also an error reply: kFailedPrecondition with the table's reason for a
  // clear no, kUnavailable / kResourceExhausted for transient ones, kInvalidArgument for our app
  // credentials.
  virtual Result<RenewedValue> ParseRenewal(const HttpReply& reply) const = 0;

  // Which limits are shared: `meta|https://graph.facebook.com|100000000000001`. Requests of one
  // lane share a concurrency limit; lanes never delay each other.
  virtual std::string LaneOf(const CredentialSpec& spec) const = 0;
};

}  // namespace tokenwarden
