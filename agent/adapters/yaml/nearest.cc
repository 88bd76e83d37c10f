#include "agent/adapters/yaml/nearest.h"

#include <algorithm>

#include "agent/core/edit_distance.h"

namespace tokenwarden::yaml {

std::optional<std::string_view> Nearest(std::string_view word,
                                        const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongestWord = 40;  // nothing of ours is longer
  std::optional<std::string_view> nearest;
  std::size_t least = 0;
  if (word.size() > kLongestWord) return nearest;
  for (std::string_view candidate : known) {
    const std::size_t distance = EditDistance(word, candidate);
    const std::size_t allowed = std::max<std::size_t>(1, candidate.size() / 3);
    if (distance > allowed || (nearest && distance >= least)) continue;
    nearest = candidate;
    least = distance;
  }
  return nearest;
}

}  // namespace tokenwarden::yaml
