// PlaceFactory for places on this machine: `env`, `dotenv` and `file` sources, `dotenv` and `file`
// sinks.
//
// * A dotenv sink keeps every other byte of the file; its generation is in the state store, not in
// the file.
// * A raw file sink holds the value, and a newline behind it only if the file had one. `PATH.meta`
// beside it
//   is JSON with generation, fingerprint, epoch and expires_at.
// * A JSON file sink holds access_token and the same four members.
// A marker with a higher epoch than ours is never overwritten: kAborted `stale_epoch`.
//
// Files are replaced as atomic_file.h says; a missing one is made with mode 0600 or the configured
// one.
#pragma once

#include <memory>
#include <string>

#include "agent/adapters/files/file_system.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/ports/places.h"

namespace tokenwarden::files {

// Relative paths start at `base_dir` (empty: the working directory). kInvalidArgument `no_path`,
// `no_key`; kFailedPrecondition `no_vault_configured`, `no_kubernetes_configured`. `files` must
// outlive all places.
std::unique_ptr<PlaceFactory> MakePlaceFactory(std::string base_dir,
                                               Environment environment = ProcessEnvironment(),
                                               FileSystem& files = RealFileSystem());

}  // namespace tokenwarden::files
