#include "cli/args/nearest.h"

#include <algorithm>

#include "agent/core/edit_distance.h"

namespace tokenwarden::cli {

std::optional<std::string_view> NearestOf(std::string_view word,
                                          const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongestWord = 64;  // the work is the product of both lengths
  if (word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : known) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace tokenwarden::cli
