// What was probably meant: the nearest of some words by edit distance. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace tokenwarden::yaml {

// Nullopt when none is near enough to be a slip: a third of its length, at least one edit.
std::optional<std::string_view> Nearest(std::string_view word,
                                        const std::vector<std::string_view>& known);

}  // namespace tokenwarden::yaml
