// How far two words are apart. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace tokenwarden {

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). The work
// is the product of both lengths: callers bound them.
std::size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace tokenwarden
