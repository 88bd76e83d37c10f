// AgentProcess: one agent as it runs: its view of the ports and the credential in its memory.
// Destroyed by a crash; the next one starts from what is durable.
#pragma once

#include <memory>

#include "agent/app/deps.h"
#include "agent/app/keeper.h"
#include "agent/app/reconcile.h"
#include "agent/app/rotation.h"
#include "tests/fakes/fake_places.h"
#include "tests/simulation/issuer.h"
#include "tests/simulation/places.h"
#include "tests/simulation/store.h"

namespace tokenwarden::simulation {

struct World;

class WallClock : public Clock {
 public:
  explicit WallClock(World& world) : world_(world) {}
  Instant Now() const override;
  std::chrono::steady_clock::time_point SteadyNow() const override;
  // Nothing here waits: the driver moves the time.
  void WaitUntil(std::unique_lock<std::mutex>&, std::condition_variable&, Instant,
                 const std::function<bool()>&) override {}

 private:
  World& world_;
};

class LeaseView : public Coordinator {
 public:
  LeaseView(World& world, int agent) : world_(world), agent_(agent) {}
  std::optional<std::uint64_t> EpochOf(const std::string& credential) override;

 private:
  World& world_;
  int agent_;
};

class EventNotes : public EventListener {
 public:
  EventNotes(World& world, int agent) : world_(world), agent_(agent) {}
  void On(const Event& event) noexcept override;

 private:
  World& world_;
  int agent_;
};

class AgentProcess {
 public:
  AgentProcess(World& world, int id);

  // Reads the state. False while the store cannot be read.
  bool Start();
  // One pass; may throw Crash.
  PassResult Pass();
  // What a person asks for through the API, as the agent does it; may throw Crash.
  void Submit(const std::string& value, const std::string& accept_worse_reason);
  void Refresh();
  void RollBack();
  void TakeConfiguration();

  Keeper* keeper() const { return keeper_.get(); }

 private:
  World& world_;
  int id_;
  WallClock clock_;
  IssuerPorts issuer_;
  Store store_;
  PlacePorts places_;
  FakeFingerprinter fingerprinter_;
  LeaseView lease_;
  EventNotes events_;
  Deps deps_;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace tokenwarden::simulation
