// Invariants: what must hold whatever happens, each a small named function. Some are judged in the
// port call that would break them, the others after every step.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/app/keeper.h"
#include "agent/ports/places.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::simulation {

struct World;

// What the living processes have in memory; null for a dead one.
using Keepers = std::vector<const Keeper*>;

std::uint64_t EpochOf(const World& world, int agent);
int TurnOf(const World& world, int agent);

// ---- in a call ----
void JudgeRequest(World& world, const std::string& presented);
void JudgeSender(World& world, int agent);
void JudgeWrite(World& world, int agent, const std::string& target, const std::string& value,
                const PublishMarker& marker);
void JudgeStoreWrite(World& world, int agent, const char* call);
void JudgeNotice(World& world, const NotifySpec& spec, const Notice& notice);
void JudgeRetirement(World& world, const std::string& credential, Generation keep_from);

// ---- what the ledger learns ----
void NoteReceived(World& world, const std::string& value, const std::string& presented);
void NoteReplyStored(World& world, RotationId rotation);
void NotePromoted(World& world, const Rotation& rotation);
void NoteCrash(World& world, int agent, const Keepers& keepers);

// ---- after every step ----
void JudgeStep(World& world, const Keepers& keepers);
// After a whole pass of the holder with a disk that worked.
void JudgePass(World& world, const Keeper& keeper);

// Empty when everything is in place; otherwise what is still missing. `state` is the holder's.
std::string NotYetInPlace(World& world, const CredentialState& state);

}  // namespace tokenwarden::simulation
