// IssuerSession: the resolved secrets of one credential for the length of one action, and the
// context that a provider wants. Used by the agent and by `tokenwarden check`: it is the same
// checking code.
//
// Secrets are read anew for every session, so a rotated app secret is picked up without a reload.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/core/observation.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"
#include "agent/ports/http_client.h"
#include "agent/ports/places.h"
#include "agent/ports/provider.h"

namespace tokenwarden {

class IssuerSession {
 public:
  // Reads the references of `spec`; one that cannot be read becomes Problem(), not a failure.
  IssuerSession(const CredentialSpec& spec, SecretResolver& secrets, Instant now,
                std::chrono::milliseconds request_timeout);

  ProviderContext context() const {
    return {spec_, app_secret_, parent_token_, generate_token_, now_, request_timeout_};
  }

  // A sentence about references that could not be read; empty when all could.
  const std::string& problem() const { return problem_; }

  // Asks the issuer. An unreadable reference is told as `unproven`, never guessed around silently.
  Observation Inspect(const Provider& provider, const Secret& value, HttpClient& http) const;
  // The same for a candidate: with everything that is configured as proof.
  Observation Prove(const Provider& provider, const Secret& value, HttpClient& http) const;

 private:
  Observation WithProblem(Observation observation) const;
  std::optional<Secret> Read(const std::optional<SecretRef>& ref, SecretResolver& secrets);

  const CredentialSpec& spec_;
  std::string problem_;
  std::optional<Secret> app_secret_;
  std::optional<Secret> parent_token_;
  std::optional<Secret> generate_token_;
  Instant now_;
  std::chrono::milliseconds request_timeout_;
};

}  // namespace tokenwarden
