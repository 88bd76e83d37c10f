// Target: one value that `check` looks at, with everything that is known beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"

namespace tokenwarden::cli {

enum class Use {
  kGraphToken,
  kSharedSecret,  // a webhook's verify token: nobody can be asked about it
};

struct Target {
  CredentialSpec spec;  // its name is how the user knows the value
  Use use = Use::kGraphToken;
  Secret value;
  std::optional<Error> problem;  // why there is no value
  std::optional<Secret> app_secret;
  std::optional<Secret> parent_token;
  std::optional<Secret> generate_token;
  std::vector<std::string> notes;  // sentences: what cannot be proven because of what was found
};

}  // namespace tokenwarden::cli
