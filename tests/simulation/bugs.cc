#include "tests/simulation/bugs.h"

namespace tokenwarden::simulation {

const std::vector<KnownBug>& KnownBugs() {
  static const std::vector<KnownBug> bugs = {
      {Bug::kPublishBeforeCommit, "publish-before-commit",
       "promoting is acknowledged before it is durable, so sinks get a value the store lacks"},
      {Bug::kRetryExchange, "retry-exchange", "the HTTP client sends a lost renewal once more"},
      {Bug::kParseBeforeStore, "parse-before-store",
       "the raw reply is not kept when it is received"},
      {Bug::kForgetDirectoryFsync, "forget-directory-fsync",
       "a written sink goes back to its old content when the process ends"},
      {Bug::kReuseOldEpoch, "reuse-old-epoch",
       "a new holder of the lease gets the epoch of the old one"},
      {Bug::kIgnoreLease, "ignore-lease", "an agent goes on acting after it lost the lease"},
      {Bug::kTrustDeadCandidate, "trust-dead-candidate", "an inspection calls dead values valid"},
      {Bug::kForgetRotationAtRestart, "forget-rotation-at-restart",
       "an unfinished renewal is dropped when the process starts"},
      {Bug::kNotifyAgain, "notify-again", "every notification counts as the first one"},
      {Bug::kStrictAsNone, "strict-as-none", "a strict issuer is declared harmless"},
      {Bug::kReadBackFromMemory, "read-back-from-memory",
       "a sink that failed is read back from what was to be written"},
      {Bug::kSilenceIsDead, "silence-is-dead", "an outage is taken for a revoked value"},
      {Bug::kForgetOldValueAtOnce, "forget-old-value-at-once",
       "the previous value is wiped as soon as a new one is current"},
      {Bug::kExchangeNeverExpiring, "exchange-never-expiring",
       "a value that never expires is offered for renewal"},
      {Bug::kRacingClock, "racing-clock", "every look at the clock moves it by two minutes"},
      {Bug::kIgnoreEpoch, "ignore-epoch",
       "a state on a server is taken up again at any epoch, also by a deposed holder"},
  };
  return bugs;
}

std::optional<Bug> FindBug(std::string_view name) {
  for (const KnownBug& each : KnownBugs()) {
    if (each.name == name) return each.bug;
  }
  return std::nullopt;
}

}  // namespace tokenwarden::simulation
