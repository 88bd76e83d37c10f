// SecretResolver for `{env: X}`, `{file: P}` and `{dotenv: {path, key}}`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/adapters/files/file_system.h"
#include "agent/ports/places.h"

namespace tokenwarden::files {

// The value of an environment variable, or nullptr. The default reads this process's environment.
using Environment = std::function<const char*(const char* name)>;
Environment ProcessEnvironment();

// Relative paths start at `base_dir` (empty: the working directory). One newline at the end of a
// text file does not count. Errors beside those of reading: kNotFound `no_such_variable`;
// kInvalidArgument `empty_secret`; kFailedPrecondition `no_vault_configured` and
// `no_kubernetes_configured`.
std::unique_ptr<SecretResolver> MakeSecretResolver(std::string base_dir,
                                                   Environment environment = ProcessEnvironment(),
                                                   FileSystem& files = RealFileSystem());

}  // namespace tokenwarden::files
