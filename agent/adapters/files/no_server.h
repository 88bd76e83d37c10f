// What we answer when a configuration names a place that lives on a server this version does not
// talk to.
#pragma once

#include <string>

#include "agent/core/result.h"

namespace tokenwarden::files {

inline constexpr char kKnownPlaces[] =
    "This version reads and writes files and the environment: use env, file or dotenv.";

inline tl::unexpected<Error> NoVault(const std::string& attempted) {
  return MakeError(ErrorKind::kFailedPrecondition, "no_vault_configured",
                   attempted + ": there is no connection to a Vault server", kKnownPlaces);
}

inline tl::unexpected<Error> NoKubernetes(const std::string& attempted) {
  return MakeError(ErrorKind::kFailedPrecondition, "no_kubernetes_configured",
                   attempted + ": there is no connection to a Kubernetes cluster", kKnownPlaces);
}

}  // namespace tokenwarden::files
