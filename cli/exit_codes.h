// Exit codes: what a pipeline may rely on. The enumeration is in agent/core/gate.h; this is its
// manual.
//
// When several apply the worst wins, in the order 2, 5, 4, 1, 3. `--exit-zero` turns 1, 3 and 4
// into 0.
#pragma once

#include <string_view>

#include "agent/core/gate.h"

namespace tokenwarden::cli {

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr ExitCodeRow kExitCodes[] = {
    {ExitCode::kPass, "every selected token passes (warnings are printed, but do not fail)"},
    {ExitCode::kGateFailed,
     "gate failed: a token is dead, wrong, under-scoped or below --min-remaining"},
    {ExitCode::kUsage, "usage or configuration error, also a missing file; nothing was concluded"},
    {ExitCode::kWarnings, "only warnings, and --fail-on warning was given"},
    {ExitCode::kIndeterminate,
     "could not determine: outage, throttling, firewall, agent unreachable"},
    {ExitCode::kNotPermitted, "not permitted: unreadable file, or the agent refuses this user"},
    {ExitCode::kInterrupted, "interrupted (SIGINT); 143 after SIGTERM"},
};

}  // namespace tokenwarden::cli
