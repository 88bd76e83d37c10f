// The commands. Each reads its arguments, does one thing and says what came of it.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/outcome.h"

namespace tokenwarden::cli {

Outcome RunCheck(const Context& context);
Outcome RunStatus(const Context& context);
Outcome RunRefresh(const Context& context);
Outcome RunSubmit(const Context& context);
Outcome RunRollback(const Context& context);
Outcome RunSync(const Context& context);
Outcome RunExplain(const Context& context);
Outcome RunValidate(const Context& context);
Outcome RunKeygen(const Context& context);
Outcome RunRekey(const Context& context);
Outcome RunCompletion(const Context& context);
Outcome RunVersion(const Context& context);
Outcome RunHelp(const Context& context);

// The whole program but for its streams: `args` without the program's name.
Outcome Run(const std::vector<std::string>& args, Services& services);

// `check` that could not begin: valid JSON all the same.
Outcome CheckFailed(const Error& error, bool json, Instant now);

}  // namespace tokenwarden::cli
