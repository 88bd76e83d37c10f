// Gathers what `check` has to look at, from every source that was named.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/check/settings.h"
#include "cli/check/target.h"
#include "cli/commands/services.h"

namespace tokenwarden::cli {

struct Gathered {
  std::vector<Target> targets;
  std::unique_ptr<Fingerprinter> fingerprints;
  std::string notes;  // lines for standard error
};

// Nothing is asked of any issuer. Errors: those of reading files; kInvalidArgument `no_known_name`,
// `nothing_selected`, `bad_configuration`. Several unreadable files are told together, the worst
// kind first.
Result<Gathered> GatherTargets(const CheckSettings& settings, Services& services);

}  // namespace tokenwarden::cli
