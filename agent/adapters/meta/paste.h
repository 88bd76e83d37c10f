// Paste check for Meta tokens: the general rules, then what is known of the string form.
#pragma once

#include <optional>
#include <string_view>

#include "agent/core/paste_check.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"

namespace tokenwarden::meta {

struct AppTokenParts {
  std::string_view app_id;
  std::string_view secret;  // the app secret itself, or a generated string
};
// `APP_ID|…`; nullopt for anything else.
std::optional<AppTokenParts> SplitAppToken(std::string_view text);

std::optional<PasteProblem> CheckMetaPaste(const MetaSpec& spec, const Secret& value);

}  // namespace tokenwarden::meta
