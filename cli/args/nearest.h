// The known word that a mistyped one most likely meant. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace tokenwarden::cli {

// Nullopt when nothing is within a third of the word's length (at least one edit).
std::optional<std::string_view> NearestOf(std::string_view word,
                                          const std::vector<std::string_view>& known);

}  // namespace tokenwarden::cli
