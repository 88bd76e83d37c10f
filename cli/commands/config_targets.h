// The targets of an agent's configuration: each credential's source is read and its secrets are
// resolved, as the agent would do it. One credential that cannot be read hides no other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/check/settings.h"
#include "cli/check/target.h"
#include "cli/commands/services.h"

namespace tokenwarden::cli {

struct ConfigTargets {
  std::vector<Target> targets;
  std::unique_ptr<Fingerprinter>
      fingerprints;  // under the state's key; null when it cannot be read
};

// kInvalidArgument `bad_configuration` with every problem in the message; errors of reading the
// file.
Result<ConfigTargets> TargetsOfConfig(const CheckSettings& settings, Services& services);

// The whole of a good configuration; the errors are those of TargetsOfConfig.
Result<Config> ReadConfig(const std::string& path, Services& services);

// A configuration that may not be read is another exit code than one that is wrong.
// kPermissionDenied `unreadable`, kNotFound `no_such_file`.
Status CheckReadable(const std::string& path);

// The directory that relative paths of a configuration start at.
std::string DirectoryOf(const std::string& path);

}  // namespace tokenwarden::cli
