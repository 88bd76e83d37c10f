// Places: the files that hold values, read and written by agents and by hand, with faults and a
// fence by epoch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/ports/places.h"

namespace tokenwarden::simulation {

struct World;

enum class Author { kNobody, kAgent, kHand };

struct Place {
  std::optional<std::string> held;
  Author author = Author::kNobody;
  bool broken = false;
  // What the marker of the last write by an agent said.
  std::uint64_t epoch = 0;
  Generation generation = 0;
  int turn = 0;  // the true turn of the agent that wrote
  // Of a place whose writes are not durable: what a crash brings back.
  std::optional<std::string> durable;
};

// How the next write by an agent goes wrong.
enum class WriteFault { kNone, kBeforeEffect, kAfterEffect, kConflict };

class Places {
 public:
  explicit Places(World& world) : world_(world) {}

  Place& At(const std::string& target) { return places_[target]; }
  const std::map<std::string, Place>& all() const { return places_; }
  void PutByHand(const std::string& target, std::optional<std::string> value);
  void AllWell();
  void LosePowerless();  // what was never durable is gone

  Result<Secret> Read(const std::string& target);
  Result<PublishReport> Write(int agent, const std::string& target, const Secret& value,
                              const PublishMarker& marker);

  WriteFault next_fault = WriteFault::kNone;

 private:
  World& world_;
  std::map<std::string, Place> places_;
};

class PlacePorts : public PlaceFactory, public SecretResolver, public Notifier {
 public:
  PlacePorts(World& world, int agent) : world_(world), agent_(agent) {}

  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override;
  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) override;
  Result<Secret> Resolve(const SecretRef& ref) override;
  Status Notify(const NotifySpec& spec, const Notice& notice) override;

 private:
  World& world_;
  int agent_;
};

}  // namespace tokenwarden::simulation
