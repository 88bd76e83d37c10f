#include "agent/app/issuer_session.h"

namespace tokenwarden {

IssuerSession::IssuerSession(const CredentialSpec& spec, SecretResolver& secrets, Instant now,
                             std::chrono::milliseconds request_timeout)
    : spec_(spec),
      app_secret_(Read(spec.meta.app_secret, secrets)),
      parent_token_(Read(spec.meta.parent_token, secrets)),
      generate_token_(Read(spec.meta.generate_token, secrets)),
      now_(now),
      request_timeout_(request_timeout) {}

std::optional<Secret> IssuerSession::Read(const std::optional<SecretRef>& ref,
                                          SecretResolver& secrets) {
  if (!ref) return std::nullopt;
  Result<Secret> value = secrets.Resolve(*ref);
  if (value) return std::move(*value);
  if (!problem_.empty()) problem_ += "; ";
  problem_ += value.error().message;
  return std::nullopt;
}

Observation IssuerSession::WithProblem(Observation observation) const {
  if (!problem_.empty()) observation.unproven.push_back(problem_);
  return observation;
}

Observation IssuerSession::Inspect(const Provider& provider, const Secret& value,
                                   HttpClient& http) const {
  return WithProblem(provider.Inspect(context(), value, http));
}

Observation IssuerSession::Prove(const Provider& provider, const Secret& value,
                                 HttpClient& http) const {
  return WithProblem(provider.Prove(context(), value, http));
}

}  // namespace tokenwarden
