// The state key as the configuration names it: a reference to a secret, or a program's output.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/adapters/crypto/state_key.h"
#include "agent/core/spec.h"
#include "agent/ports/places.h"

namespace tokenwarden::crypto {

// Runs a program without a shell and gives its standard output.
using RunCommand = std::function<Result<Secret>(const std::vector<std::string>& command)>;

// kInvalidArgument `no_state_key` when the configuration names none; `bad_state_key`; whatever the
// reference or the program came to. No message holds what was read.
Result<StateKey> LoadConfiguredKey(const Config& config, SecretResolver& secrets,
                                   const RunCommand& run);

}  // namespace tokenwarden::crypto
