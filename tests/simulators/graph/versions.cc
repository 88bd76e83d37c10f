#include "tests/simulators/graph/versions.h"

#include <array>
#include <limits>

#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

struct Version {
  int number;
  std::int64_t usable_until;
};

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

// Dates of the published changelog, midnight UTC. Oldest first.
constexpr std::array kVersions = {
    Version{19, 1779321600},  // 2026-05-21
    Version{20, 1790208000},  // 2026-09-24
    Version{21, 1800489600},  // 2027-01-21
    Version{22, 1810771200},  // 2027-05-20
    Version{23, 1822953600},  // 2027-10-08
    Version{24, 1834444800},  // 2028-02-18
    Version{25, 1848441600},  // 2028-07-29
    Version{26, kForever},
};

}  // namespace

bool LooksLikeVersion(std::string_view text) {
  if (text.size() < 2 || text.front() != 'v') return false;
  const auto parts = Split(text.substr(1), '.');
  return !parts.empty() && parts.size() <= 2 && IsDigits(parts.front()) && IsDigits(parts.back());
}

std::optional<std::string> EffectiveVersion(const std::string& asked, std::int64_t now) {
  const std::string number = Split(asked.substr(1), '.').front();
  const int wanted = number.size() < 4 ? std::stoi(number) : 9999;
  if (wanted > kVersions.back().number) return std::nullopt;
  for (const Version& version : kVersions) {
    const bool lives = now < version.usable_until;
    if (lives && version.number >= wanted) return "v" + std::to_string(version.number) + ".0";
  }
  return "v" + std::to_string(kVersions.back().number) + ".0";
}

}  // namespace tokenwarden::graph_simulator
