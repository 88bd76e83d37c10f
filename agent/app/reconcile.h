// Reconcile: one pass for one credential: gather, decide, act, record. Read this file first.
#pragma once

#include "agent/app/work.h"
#include "agent/core/refresh_policy.h"

namespace tokenwarden {

struct PassResult {
  Instant next_look{};                     // when the next pass is due if nothing else happens
  bool issuer_silent = false;              // the issuer could not be asked or did not answer
  std::optional<Instant> lane_not_before;  // the issuer told this lane to wait
};

// Acts until the policy says hold (bounded), then says when to look again. Takes the keeper's
// Acting() lock.
PassResult Reconcile(const Deps& deps, Keeper& keeper, WorkLimits limits);

// The same with the lock already held, for callers that go on with the work afterwards.
PassResult ReconcileLocked(Work& work);

}  // namespace tokenwarden
