// Life of the API versions: a dead one is served by the oldest that lives, an unknown one is an
// error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tokenwarden::graph_simulator {

bool LooksLikeVersion(std::string_view text);  // v25.0, v99.0
// The version that answers a request for `asked` at this time; nullopt when there is no such
// version.
std::optional<std::string> EffectiveVersion(const std::string& asked, std::int64_t now);

}  // namespace tokenwarden::graph_simulator
