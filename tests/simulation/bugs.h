// Bugs: known defects that can be planted by wrapping a port, to show that the simulation finds
// them. None of this exists in the product.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace tokenwarden::simulation {

enum class Bug {
  kPublishBeforeCommit,
  kRetryExchange,
  kParseBeforeStore,
  kForgetDirectoryFsync,
  kReuseOldEpoch,
  kIgnoreLease,
  kTrustDeadCandidate,
  kForgetRotationAtRestart,
  kNotifyAgain,
  kStrictAsNone,
  kReadBackFromMemory,
  kSilenceIsDead,
  kForgetOldValueAtOnce,
  kExchangeNeverExpiring,
  kRacingClock,
  kIgnoreEpoch,
};

struct KnownBug {
  Bug bug;
  std::string_view name;
  std::string_view what;
};

const std::vector<KnownBug>& KnownBugs();
std::optional<Bug> FindBug(std::string_view name);

}  // namespace tokenwarden::simulation
