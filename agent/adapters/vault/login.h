// Login: the request that turns one way of authenticating into a token. Reads what it needs anew at
// each call, since files and service account tokens rotate.
#pragma once

#include <optional>
#include <string>

#include "agent/adapters/vault/connection.h"
#include "agent/adapters/vault/vault.h"
#include "agent/core/spec.h"
#include "agent/ports/places.h"

namespace tokenwarden::vault {

// A token of ours, and how long it lives.
struct Lease {
  Secret token;
  Seconds ttl{0};  // 0 = it does not end
  bool renewable = false;
};

class Login {
 public:
  Login(const Connection& connection, VaultAuthSpec auth, SecretResolver& secrets,
        const Options& options);

  // One attempt. Wrapped material is unwrapped once and kept.
  Result<Lease> Attempt();
  // Whether a new attempt could give another token than before; false for a token that is given.
  bool CanRepeat() const;
  // Shown to the server by the cert method.
  Result<std::optional<ClientIdentity>> Identity() const;
  // For names of logins that are the same.
  std::string Key() const;

 private:
  Result<Secret> Given(const std::optional<SecretRef>& ref, const std::string& what) const;
  Result<Secret> ReadFile(const std::string& path, const std::string& what) const;
  Result<Secret> TokenFromEnvironment() const;
  Result<Secret> Unwrap(const Secret& wrapping, bool is_token) const;
  // What was configured, unwrapped where it is wrapped.
  Result<Secret> Material(Result<Secret> given, bool is_token);
  Result<Lease> TakeToken(Result<Secret> token) const;
  Result<Lease> Post(const std::string& mount, const std::string& method, const Secret& body) const;
  Result<Lease> ByAppRole();
  Result<Lease> ByJwt(const std::string& method, Result<Secret> jwt) const;
  Result<Lease> ByCertificate() const;

  const Connection& connection_;
  const VaultAuthSpec auth_;
  SecretResolver& secrets_;
  const Options& options_;
  std::optional<Secret> unwrapped_;
};

}  // namespace tokenwarden::vault
