// Leases: the LeaseCoordinator on one Lease per shard.
//
// * Held until the start of the last successful renewal + duration - margin, by the steady clock
//   and by the wall clock: a process that was stopped, or a machine that slept, holds nothing when
//   it wakes, however late its thread runs. What lapsed is lost, also when nobody else took it:
//   taking it again makes a new epoch, so work from before the lapse never shares one with after.
// * Taken only when it was released, when it still names us, or when we saw it unchanged for its
//   whole duration. Nobody's clock is compared with anybody else's.
// * Spread: who holds more waits longer before taking a free one, and who holds two more than
//   another gives one up when asked (`wanted-by` on the Lease), after a time in which nothing new
//   begins so that what runs can end.
//
// * A replica that is configured with another number of shards than the ones at work takes none.
//
// Requests: one PUT per held shard and one GET per other shard every fifth of the duration, at
// least one second apart.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/adapters/kubernetes/client.h"
#include "agent/adapters/kubernetes/kubernetes.h"
#include "agent/adapters/kubernetes/lease.h"

namespace tokenwarden::kubernetes {

class Leases : public LeaseCoordinator {
 public:
  // `events` may be null.
  Leases(Client& client, ObjectName name, int shards, Seconds duration, LeaseOptions options,
         EventListener* events);
  ~Leases() override;

  std::optional<std::uint64_t> EpochOf(const std::string& credential) override;
  void Start() override;
  void Stop() override;
  std::vector<int> HeldShards() const override;

  const std::string& identity() const { return identity_; }
  // One round over all shards, as the thread does it: for tests.
  void Round();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  // What others may know of a shard that is ours.
  struct Hold {
    std::uint64_t epoch = 0;
    TimePoint until{};                    // by the steady clock
    Instant renewed_at{};                 // by the wall clock
    std::optional<TimePoint> drained_at;  // given up: nothing new begins, kept until then
  };
  // The round's own memory of a shard.
  struct Shard {
    Shard(int number, const ObjectName& lease_name)
        : index(number), name(lease_name), lease(lease_name) {}
    int index;
    ObjectName name;
    Lease lease;
    std::string record;        // when it was last seen to change
    TimePoint changed_at{};    // and when that was
    int seen_free = 0;         // rounds in a row
    bool seen = false;         // read in this round
    std::optional<Hold> hold;  // guarded by mutex_
  };

  bool IsStopped() const;
  bool IsValid(const Hold& hold) const;
  std::optional<Hold> HoldOf(const Shard& shard) const;
  int CountHeld() const;
  int CountShards() const { return static_cast<int>(shards_.size()); }
  void Run();
  Seconds Pause() const;

  void KeepHeld(Shard& shard, const Hold& hold);
  void Renew(Shard& shard, const Hold& hold);
  void HearWish(Shard& shard);
  Status Release(Shard& shard);
  void Lose(Shard& shard, const std::string& reason);
  void Observe(Shard& shard);
  bool IsFree(const Shard& shard) const;
  bool AgreesWithOthers();
  void TakeFree();
  void Take(Shard& shard);
  void AskForOne();
  Shard* WantedShard(int held);
  Result<Lease> Get(const Shard& shard);
  Result<Lease> Put(const Shard& shard, const Json& object);
  Result<Lease> Send(Operation operation, HttpRequest::Method method, std::optional<Secret> body);
  std::string NowText();
  void Remember(Shard& shard, Lease lease);
  void Tell(const Shard& shard, const std::string& message, const std::string& reason,
            std::uint64_t epoch);
  void TellTrouble(const Error& error);

  Client& client_;
  const std::string identity_;
  const Seconds duration_;
  const std::chrono::milliseconds margin_;
  const Seconds period_;
  const LeaseOptions options_;
  EventListener* const events_;
  // The round's own.
  std::string last_time_;
  std::string told_trouble_;
  bool trouble_ = false;
  bool gained_ = false;
  bool lost_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;       // guarded by mutex_
  std::vector<Shard> shards_;  // in the order in which this replica prefers them
  std::thread thread_;
};

}  // namespace tokenwarden::kubernetes
