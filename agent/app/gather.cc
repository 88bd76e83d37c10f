#include "agent/app/gather.h"

#include "agent/app/rotation_steps.h"

namespace tokenwarden {
namespace {

// How soon a lost reply has to be asked for again: only where the old value is worth nothing later.
Seconds GraceOf(const Capabilities& can) {
  const bool ends = can.rotation_model == RotationModel::kGraceSame ||
                    can.rotation_model == RotationModel::kGraceFork;
  return ends ? can.grace : Seconds{0};
}

}  // namespace

Snapshot Gather(Work& work, bool asked_inspect, bool asked_refresh) {
  Snapshot snapshot{work.spec(), work.state()};
  const Capabilities can = CapabilitiesNow(work);
  snapshot.can_refresh = can.can_refresh && work.spec().renew.enabled;
  snapshot.cannot_refresh_why =
      work.spec().renew.enabled ? can.cannot_refresh_why : "renewal is switched off for it";
  snapshot.can_replace_dead = can.can_replace_dead && work.spec().renew.enabled;
  snapshot.grace = GraceOf(can);
  snapshot.asked_inspect = asked_inspect;
  snapshot.asked_refresh = asked_refresh;
  snapshot.spec_digest = work.keeper().spec_digest();
  return snapshot;
}

}  // namespace tokenwarden
