// Does a command-line argument look like a secret? Arguments are visible to every user of the
// machine and stay in shell histories, so such a value must be treated as exposed. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace tokenwarden::cli {

// What it looks like, for a message (`a Graph access token`); nullopt when harmless. Looks at the
// whole argument and at what follows its first `=`.
std::optional<std::string_view> LooksLikeSecret(std::string_view argument);

}  // namespace tokenwarden::cli
