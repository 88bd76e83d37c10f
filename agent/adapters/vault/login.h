// Login: the request that turns one way of authenticating into a token. Reads what it needs anew at
// each attempt, since files and service account tokens rotate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/vault/connection.h"
#include "agent/adapters/vault/unwrapper.h"
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

// `vault.auth` as it is meant here: without one, VAULT_TOKEN, else the pod's service account.
VaultAuthSpec Complete(VaultAuthSpec auth, SecretResolver& secrets, const Options& options);

// Not synchronised, but for the questions that are const.
class Login {
 public:
  // `auth` is complete.
  Login(Connection& connection, VaultAuthSpec auth, SecretResolver& secrets,
        const Options& options);

  // One attempt. Kinds that a caller should wait long after: everything but silence.
  Result<Lease> Attempt();
  // Whether what it is logged in with has changed since the last attempt.
  bool HasNewMaterial() const;

  // Whether the server makes a token for us, which is ours to give back.
  bool MakesTokens() const;
  // A token that somebody else renews and replaces.
  bool FollowsFile() const { return auth_.kind == VaultAuthSpec::Kind::kTokenFile; }
  // Whether another attempt could give another token.
  bool CanRepeat() const { return MakesTokens() || FollowsFile(); }
  // A renewal must show the certificate of the login; after a change it is logged in anew.
  bool BindsCertificate() const { return auth_.kind == VaultAuthSpec::Kind::kCert; }
  // Shown to the server by the cert method.
  Result<std::optional<ClientIdentity>> Identity() const;

 private:
  using Material = std::vector<Secret>;

  Result<Material> Gather() const;
  Result<Secret> Given(const std::optional<SecretRef>& ref, const std::string& what) const;
  Result<Secret> ReadFile(const std::string& path, const std::string& what) const;
  Result<Secret> TokenFromEnvironment() const;
  std::string MountOr(const char* usual) const;
  Result<Lease> TakeToken(const Secret& token);
  Result<Lease> ByAppRole(const Material& material);
  Result<Lease> ByJwt(const char* method, const Secret& jwt);
  Result<Lease> ByCertificate();
  Result<Lease> Post(const char* method, Json fields);

  Connection& connection_;
  const VaultAuthSpec auth_;
  SecretResolver& secrets_;
  const Options& options_;
  Unwrapper unwrapper_;
  std::optional<Material> used_;  // by the last attempt
};

// The same text for logins that are the same; also spreads their pauses.
std::string KeyOf(const VaultAuthSpec& auth);

}  // namespace tokenwarden::vault
