// World: time, disk, places, issuer, lease and faults of one run, and the hook through which every
// port call goes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/memory_state_store.h"
#include "tests/simulation/documents.h"
#include "tests/simulation/history.h"
#include "tests/simulation/issuer.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/places.h"
#include "tests/simulation/random.h"
#include "tests/simulation/scenario.h"

namespace tokenwarden::simulation {

// Thrown out of a port call: the process ends there. Nothing in the product catches it.
struct Crash {};

enum class Bug;

// What comes over the disk for a while.
struct DiskFault {
  const char* only = nullptr;  // this call; null for any
  int skip = 0;                // calls that still go well
  int calls_left = 0;
  bool after_effect = false;
  bool full = false;  // only Begin fails: there is no room for a reply
};

// Something that happens in the middle of a call of one agent.
enum class Mischief { kNone, kCrash, kPause, kSuspend, kJump, kHandEdit };
struct Planned {
  Mischief what = Mischief::kNone;
  int in_calls = 0;
  const char* only = nullptr;  // counts this call alone; null for any
};
// The calls around which a value could be lost: worth more trouble than their share.
const std::vector<const char*>& DelicateCalls();

// Who may act. Every new holder gets the next epoch; `turn` counts what the epoch should say.
struct Lease {
  int holder = 0;
  std::uint64_t epoch = 0;
  int turn = 0;
};
// What an agent was last told by the coordinator.
struct Grant {
  std::uint64_t epoch = 0;
  int turn = 0;
};

struct World {
  World(std::uint64_t seed, std::optional<Bug> planted, bool keep_history);

  Instant wall() const { return true_now + wall_offset; }
  bool HasBug(Bug which) const { return bug && *bug == which; }
  void Disturbed() { ledger.disturbances.push_back(true_now); }

  // What is durable, wherever it lies.
  MemoryStateStore::Disk& Durable() const {
    if (scenario.documents) documents.CopyTo(*disk, scenario.spec.name);
    return *disk;
  }

  void PassLeaseOn();
  void JumpClock();
  void EditByHand();

  // Every port call of an agent passes here twice: before and after its effect. May throw Crash.
  void AtCall(int agent, const char* call, bool after_effect);
  template <typename MakeLine>
  void Tell(MakeLine make_line) {
    history.Add(wall(), make_line);
  }

  Random random;
  Scenario scenario;
  History history;
  Ledger ledger;
  std::optional<Bug> bug;

  Instant true_now;
  Seconds wall_offset{0};
  std::shared_ptr<MemoryStateStore::Disk> disk = std::make_shared<MemoryStateStore::Disk>();
  SharedDocuments documents;  // in its place when the state lies on a server
  std::uint64_t store_fence = 0;
  int store_turn = 0;
  std::vector<Grant> grants;
  DiskFault disk_fault;
  Planned planned;
  Lease lease;
  bool operator_asks = false;  // for a renewal, whatever became of an earlier one
  bool request_in_the_air =
      false;  // a lease outlives the request it allowed: nobody takes over meanwhile
  Issuer issuer{*this};
  Places places{*this};

  // Set by the driver: what the others do while one agent is paused in the middle of a call.
  std::function<void(int paused_agent)> while_paused;
};

}  // namespace tokenwarden::simulation
