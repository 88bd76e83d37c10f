// Ledger: what really happened in a run, written by the fakes and seen by nobody in the product.
// The invariants are judged against it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/core/state.h"
#include "agent/core/time.h"

namespace tokenwarden::simulation {

struct Violation {
  std::string invariant;
  std::string what;
};

struct Ledger {
  // ---- the newest value we were ever given ----
  std::string newest;                // received in a reply, or promoted since
  bool newest_is_safe = false;       // the store said that it has it
  std::int64_t newest_rotation = 0;  // which asked for it
  std::string answered_for;          // the value that was presented for it
  std::string newest_before;  // what was the newest before the one that only a process remembers

  // ---- the issuer's side ----
  std::map<std::int64_t, int> requests_of;  // by rotation
  std::set<std::string> reply_lost_for;     // presented, and nobody can know whether it was used up
  std::set<std::string> used_up;            // consumed by a strict issuer
  std::set<std::string> seen_alive;         // an inspection answered and the value was fit for use
  std::set<std::string> seen_dead;          // an inspection answered that it is dead
  std::vector<Instant> requests;            // renewal requests, true time
  std::vector<Instant> disturbances;        // what may honestly cost one more request
  int requests_in_flight = 0;

  // ---- the store's side ----
  Generation highest_generation = 0;
  std::set<std::string> notified;

  // ---- the result ----
  std::vector<Violation> violations;
  int crashes = 0;

  void Violate(std::string invariant, std::string what) {
    violations.push_back({std::move(invariant), std::move(what)});
  }
};

}  // namespace tokenwarden::simulation
