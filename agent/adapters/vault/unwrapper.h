// Unwrapper: what a response-wrapping token holds, asked for exactly once. Whether its answer was
// lost, and whether somebody else was there before, are told apart.
//
// Source: Vault, "Response wrapping", which also asks to check the creation path first.
#pragma once

#include <optional>
#include <string>

#include "agent/adapters/vault/connection.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::vault {

enum class Wrapped { kToken, kSecretId };

// Not synchronised.
class Unwrapper {
 public:
  // `mount` is that of the AppRole method, for kSecretId.
  Unwrapper(Connection& connection, Wrapped kind, std::string mount);

  // The same answer again for the same wrapping token; another one is unwrapped anew.
  // kUnauthenticated `wrapping_token_used`, `wrapping_token_foreign`, `unwrap_lost`;
  // kInvalidArgument `wrong_wrapping`; the silence of a server is remembered only where the token
  // may be gone.
  Result<Secret> Open(const Secret& wrapping);

 private:
  Status CheckOrigin(const Secret& wrapping);
  Result<Secret> Unwrap(const Secret& wrapping);
  bool IsOurs(const std::string& creation_path) const;

  Connection& connection_;
  const Wrapped kind_;
  const std::string mount_;
  std::optional<Secret> wrapping_;  // the one that was decided on
  std::optional<Result<Secret>> outcome_;
};

}  // namespace tokenwarden::vault
