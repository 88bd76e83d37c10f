#include "tests/simulation/invariants.h"

#include <algorithm>

#include "agent/core/refresh_policy.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {
namespace {

using Row = std::remove_reference_t<decltype(World::disk->rows.begin()->second)>;

Row& RowOf(World& world) { return world.Durable().rows[world.scenario.spec.name]; }

bool IsStrict(RotationModel model) {
  return model == RotationModel::kStrict || model == RotationModel::kStrictFamily;
}

bool Holds(const std::optional<Secret>& bytes, const std::string& value) {
  return bytes && bytes->Reveal().find(value) != std::string_view::npos;
}

bool StoreHolds(World& world, const std::string& value) {
  for (const auto& each : RowOf(world).generations) {
    if (each.second.second.Reveal() == value) return true;
  }
  for (const auto& each : world.Durable().rotations) {
    if (Holds(each.second.reply, value) || Holds(each.second.candidate, value)) return true;
  }
  return false;
}

bool ASinkHolds(const World& world, const std::string& value) {
  return std::any_of(world.places.all().begin(), world.places.all().end(),
                     [&](const auto& each) { return each.second.held == value; });
}

bool AProcessHolds(const Keepers& keepers, const std::string& value) {
  return std::any_of(keepers.begin(), keepers.end(), [&](const Keeper* keeper) {
    return keeper != nullptr && keeper->unsaved_reply &&
           keeper->unsaved_reply->reply.Reveal().find(value) != std::string_view::npos;
  });
}

// The value of a stored generation; empty when it is not (or no longer) there.
std::string ValueOf(World& world, Generation generation) {
  const auto& generations = RowOf(world).generations;
  const auto found = generations.find(generation);
  return found == generations.end() ? "" : std::string(found->second.second.Reveal());
}

// Pauses between tries shrink with what is left, so the last day may see more of them.
int AllowedPerHour(const World& world, const std::string& presented) {
  const Token* token = world.issuer.Find(presented);
  const bool near_end = token != nullptr && token->ends && *token->ends < world.wall() + kDay;
  return near_end ? 24 : 8;
}

int CountWithin(const std::vector<Instant>& times, Instant now) {
  return static_cast<int>(
      std::count_if(times.begin(), times.end(), [&](Instant at) { return at > now - kHour; }));
}

// ---- after every step ----

void NewestReceivedIsHeld(World& world, const Keepers& keepers) {
  Ledger& ledger = world.ledger;
  if (ledger.newest.empty()) return;
  if (StoreHolds(world, ledger.newest)) {
    if (!ledger.newest_is_safe) NoteReplyStored(world, ledger.newest_rotation);
    return;
  }
  if (AProcessHolds(keepers, ledger.newest) || ASinkHolds(world, ledger.newest)) return;
  ledger.Violate("NewestReceivedIsHeld",
                 ledger.newest +
                     " was received and is neither in the store nor in a process nor "
                     "in a sink");
}

void SinksHoldWhatTheStoreSays(World& world, const Keepers&) {
  for (const auto& [target, sink] : RowOf(world).sinks) {
    const Place& place = world.places.At(target);
    if (sink.generation == 0 || sink.drifted || place.author != Author::kAgent) continue;
    const std::string value = ValueOf(world, sink.generation);
    if (value.empty() || place.generation > sink.generation || place.held == value) continue;
    world.ledger.Violate("SinksHoldWhatTheStoreSays",
                         target + " is said to hold generation " + std::to_string(sink.generation) +
                             " (" + value + ") and holds " + place.held.value_or("nothing"));
  }
}

void GenerationsOnlyRise(World& world, const Keepers&) {
  const Row& row = RowOf(world);
  if (row.state.generation < world.ledger.highest_generation) {
    world.ledger.Violate("GenerationsOnlyRise",
                         "the generation went back to " + std::to_string(row.state.generation));
  }
  world.ledger.highest_generation = row.state.generation;
  if (row.state.generation != 0 && ValueOf(world, row.state.generation).empty()) {
    world.ledger.Violate("GenerationsOnlyRise", "the current value is gone from the store");
  }
}

// What came before stays until a retirement that JudgeRetirement let pass.
void PreviousValueIsKept(World& world, const Keepers&) {
  Row& row = RowOf(world);
  for (const auto& [id, rotation] : world.Durable().rotations) {
    const RotationState at = rotation.rotation.state;
    const bool young = at == RotationState::kCurrent || at == RotationState::kPublished;
    if (!young || rotation.rotation.from_generation == 0) continue;
    if (rotation.rotation.to_generation != row.state.generation) continue;
    if (!ValueOf(world, rotation.rotation.from_generation).empty()) continue;
    world.ledger.Violate("PreviousValueIsKept",
                         "the value before the current one was wiped "
                         "before the current one settled");
  }
}

void SilenceIsNoVerdict(World& world, const Keepers&) {
  const CredentialState& state = RowOf(world).state;
  if (state.generation == 0 || !state.conclusive || !IsDead(state.conclusive->verdict)) return;
  const std::string value = ValueOf(world, state.generation);
  if (world.ledger.seen_dead.count(value) != 0) return;
  world.ledger.Violate("SilenceIsNoVerdict", value + " is called " +
                                                 std::string(ToString(state.conclusive->verdict)) +
                                                 ", and the issuer never said that it is dead");
}

constexpr void (*kAfterEveryStep[])(World&, const Keepers&) = {
    NewestReceivedIsHeld, SinksHoldWhatTheStoreSays, GenerationsOnlyRise, PreviousValueIsKept,
    SilenceIsNoVerdict};

// ---- in a call ----

std::optional<RotationId> RequestedRotation(const World& world) {
  for (const auto& [id, row] : world.Durable().rotations) {
    if (row.rotation.state == RotationState::kRequested) return id;
  }
  return std::nullopt;
}

void OneRequestPerRotation(World& world) {
  const std::optional<RotationId> rotation = RequestedRotation(world);
  if (!rotation) {
    world.ledger.Violate("OneRequestPerRotation", "a request was sent without a durable intent");
  } else if (++world.ledger.requests_of[*rotation] > 1) {
    world.ledger.Violate("OneRequestPerRotation",
                         "a second request was sent for rotation " + std::to_string(*rotation));
  }
}

void StrictIsNeverAskedTwice(World& world, const std::string& presented) {
  if (!IsStrict(world.scenario.model)) return;
  if (world.ledger.used_up.count(presented) != 0 && !world.operator_asks) {
    world.ledger.Violate("StrictIsNeverAskedTwice", presented + " was used up and presented again");
  } else if (world.ledger.reply_lost_for.count(presented) != 0) {
    world.ledger.Violate("StrictIsNeverAskedTwice",
                         presented + " was presented again although a reply was lost");
  }
}

void NeverExpiringIsNotExchanged(World& world, const std::string& presented) {
  if (world.issuer.EndsEver(presented) || !world.issuer.Lives(presented)) return;
  world.ledger.Violate("NeverExpiringIsNotExchanged", presented + " never ends");
}

void NoBursts(World& world, const std::string& presented) {
  Ledger& ledger = world.ledger;
  ledger.requests.push_back(world.true_now);
  const int allowed =
      AllowedPerHour(world, presented) + CountWithin(ledger.disturbances, world.true_now);
  if (CountWithin(ledger.requests, world.true_now) <= allowed) return;
  ledger.Violate("NoBursts", std::to_string(CountWithin(ledger.requests, world.true_now)) +
                                 " renewal requests within an hour");
}

}  // namespace

std::uint64_t EpochOf(const World& world, int agent) {
  return world.grants[static_cast<std::size_t>(agent)].epoch;
}
int TurnOf(const World& world, int agent) {
  return world.grants[static_cast<std::size_t>(agent)].turn;
}

void JudgeRequest(World& world, const std::string& presented) {
  OneRequestPerRotation(world);
  StrictIsNeverAskedTwice(world, presented);
  NeverExpiringIsNotExchanged(world, presented);
  NoBursts(world, presented);
}

void JudgeSender(World& world, int agent) {
  if (world.ledger.requests_in_flight > 0 || world.lease.holder != agent) {
    world.ledger.Violate("OneRefresher", "agent " + std::to_string(agent) +
                                             " asks the issuer and is not the holder");
  }
}

void JudgeWrite(World& world, int agent, const std::string& target, const std::string& value,
                const PublishMarker& marker) {
  const Place& place = world.places.At(target);
  if (value.empty() || ValueOf(world, marker.generation) != value) {
    world.ledger.Violate("OnlyCommittedIsPublished",
                         "`" + value + "` goes to " + target + " as generation " +
                             std::to_string(marker.generation) + ", which the store does not have");
  }
  if (world.ledger.seen_alive.count(value) == 0) {
    world.ledger.Violate("OnlyProvenIsPublished",
                         value + " goes to " + target + " and was never seen alive");
  }
  if (marker.generation < place.generation) {
    world.ledger.Violate("NothingOlderIsPublished",
                         "generation " + std::to_string(marker.generation) + " goes to " + target +
                             ", which has had " + std::to_string(place.generation));
  }
  if (TurnOf(world, agent) < place.turn) {
    world.ledger.Violate("EpochsNeverGoBack", "agent " + std::to_string(agent) + " overwrites " +
                                                  target + " after it lost the lease");
  }
}

void JudgeStoreWrite(World& world, int agent, const char* call) {
  if (TurnOf(world, agent) >= world.store_turn) return;
  world.ledger.Violate("EpochsNeverGoBack", "agent " + std::to_string(agent) +
                                                " writes to the store (" + call +
                                                ") after another one took over");
}

void JudgeNotice(World& world, const NotifySpec& spec, const Notice& notice) {
  const std::string key = spec.Target() + "#" + std::to_string(notice.generation);
  if (world.ledger.notified.insert(key).second) return;
  world.ledger.Violate("ConsumersAreToldOnce", "told twice: " + key);
}

void JudgeRetirement(World& world, const std::string&, Generation keep_from) {
  const CredentialState& state = RowOf(world).state;
  const std::string value = ValueOf(world, state.generation);
  if (keep_from > state.generation) {
    world.ledger.Violate("RetiredOnlyWhenSettled", "the current value would be wiped");
  }
  for (const SinkSpec& sink : world.scenario.spec.sinks) {
    const Place& place = world.places.At(sink.Target());
    if (place.author != Author::kAgent || place.held == value) continue;
    world.ledger.Violate("RetiredOnlyWhenSettled",
                         "the old value is wiped while " + sink.Target() + " still holds it");
  }
}

void NoteReceived(World& world, const std::string& value, const std::string& presented) {
  Ledger& ledger = world.ledger;
  if (ledger.newest_is_safe) ledger.newest_before = ledger.newest;
  ledger.newest = value;
  ledger.newest_is_safe = false;
  ledger.answered_for = presented;
  ledger.newest_rotation = RequestedRotation(world).value_or(0);
}

void NoteReplyStored(World& world, RotationId rotation) {
  Ledger& ledger = world.ledger;
  if (rotation != ledger.newest_rotation) return;
  ledger.newest_is_safe = true;
  if (!ledger.answered_for.empty()) ledger.reply_lost_for.erase(ledger.answered_for);
  ledger.answered_for.clear();
}

void NotePromoted(World& world, const Rotation& rotation) {
  const std::string value = ValueOf(world, rotation.to_generation);
  world.ledger.newest = world.ledger.newest_before = value;
  world.ledger.newest_is_safe = true;
  world.ledger.answered_for.clear();
  // Proven again after the reply was lost: it was not used up.
  world.ledger.reply_lost_for.erase(value);
}

// A reply that died with the process before the disk would take it is a lost reply: nobody can
// close that window.
void NoteCrash(World& world, int, const Keepers& keepers) {
  Ledger& ledger = world.ledger;
  ++ledger.crashes;
  world.Disturbed();
  world.request_in_the_air = false;
  world.operator_asks = false;
  ledger.requests_in_flight = 0;
  world.places.LosePowerless();
  if (ledger.newest_is_safe || StoreHolds(world, ledger.newest)) return;
  if (AProcessHolds(keepers, ledger.newest) || ASinkHolds(world, ledger.newest)) return;
  ledger.newest = ledger.newest_before;
  ledger.newest_is_safe = true;
  ledger.answered_for.clear();
}

void JudgeStep(World& world, const Keepers& keepers) {
  for (const auto invariant : kAfterEveryStep) invariant(world, keepers);
}

void JudgePass(World& world, const Keeper& keeper) {
  // Another agent's late write came between: the next pass reads the state anew and decides again.
  if (keeper.in_doubt) return;
  const auto state = keeper.state();
  if (state->operator_need) return;
  const bool dead = state->generation != 0 && state->conclusive &&
                    IsDead(state->conclusive->verdict) && !world.scenario.makes_anew;
  const bool lost = state->rotation == RotationState::kAmbiguous && IsStrict(world.scenario.model);
  if (!dead && !lost) return;
  world.ledger.Violate("AnOperatorIsCalled", dead ? "the value is dead and nobody was told"
                                                  : "a reply was lost and nobody was told");
}

std::string NotYetInPlace(World& world, const CredentialState& state) {
  const CredentialSpec& spec = world.scenario.spec;
  const Instant now = world.wall();
  const bool need = state.operator_need.has_value();
  if (state.generation == 0) return need ? "" : "there is no value and no need";
  const std::string value = ValueOf(world, state.generation);
  const bool dead = state.conclusive && IsDead(state.conclusive->verdict);
  for (const SinkSpec& sink : spec.sinks) {
    const auto known = std::find_if(state.sinks.begin(), state.sinks.end(),
                                    [&](const auto& each) { return each.target == sink.Target(); });
    const bool left_alone =
        known != state.sinks.end() && known->drifted && sink.drift == Drift::kAlarm;
    if (dead || left_alone || world.places.At(sink.Target()).held == value) continue;
    return sink.Target() + " does not hold the current value " + value;
  }
  // A refused value is found again while its rotation is the latest one.
  const auto& rotations = world.Durable().rotations;
  const bool hidden =
      rotations.empty() || !Holds(rotations.rbegin()->second.candidate, world.ledger.newest);
  const Token* newest = world.issuer.Find(world.ledger.newest);
  const bool better =
      newest != nullptr && newest->good && !hidden && world.issuer.Lives(world.ledger.newest);
  if (better && !world.issuer.Lives(value)) {
    return "the newest value " + world.ledger.newest + " lives and is not used";
  }
  if (need) return "";
  if (state.rotation && IsBeforeCurrent(*state.rotation)) {
    return "a rotation stands at " + std::string(ToString(*state.rotation));
  }
  if (!world.issuer.Lives(value)) return "the current value " + value + " is dead and unnoticed";
  const std::optional<Instant> due = RenewalDueAt(spec, state);
  const bool overdue = spec.renew.enabled && due && *due + 2 * kDay < now;
  return overdue ? "a renewal is overdue since " + FormatUtc(*due) : "";
}

}  // namespace tokenwarden::simulation
