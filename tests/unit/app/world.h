// World: one credential, a fake issuer, fake places and a store in memory, at a named instant.
#pragma once

#include <memory>
#include <string>

#include "agent/app/deps.h"
#include "agent/app/keeper.h"
#include "agent/app/reconcile.h"
#include "agent/ports/coordinator.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_issuer.h"
#include "tests/fakes/fake_places.h"
#include "tests/fakes/memory_state_store.h"

namespace tokenwarden {

inline const Instant kNoon = FromUnix(1795262400);

struct World {
  World() {
    spec.name = "whatsapp";
    spec.settle = Seconds{0};
    spec.meta.app_id = "100000000000001";
    spec.source = SourceSpec{SourceKind::kDotenv, ".env", "TOKEN"};
    SinkSpec sink;
    sink.kind = SinkKind::kDotenv;
    sink.path = ".env";
    sink.key = "TOKEN";
    spec.sinks.push_back(sink);
  }

  FakeToken Living(Seconds left, Seconds age = kDay) const {
    FakeToken token;
    token.expires_at = clock.Now() + left;
    token.issued_at = clock.Now() - age;
    return token;
  }
  // A value at the source that lives for sixty days.
  void GiveFirst(const std::string& value = "first", Seconds left = 60 * kDay) {
    issuer.Mint(value, Living(left));
    places.Put(".env#TOKEN", value);
  }

  Deps deps() {
    return {clock,  issuer,        issuer, store,       places,
            places, fingerprinter, places, coordinator, events};
  }
  Keeper& Start() {
    CredentialState state;
    state.name = spec.name;
    auto stored = store.LoadStates();
    for (auto& each : *stored) {
      if (each.name == spec.name) state = each;
    }
    keeper = std::make_unique<Keeper>(spec, state);
    return *keeper;
  }
  PassResult Pass() {
    if (!keeper) Start();
    const Deps all = deps();
    return Reconcile(all, *keeper, WorkLimits{});
  }
  const CredentialState& state() {
    seen = keeper->state();
    return *seen;
  }
  std::string Held() { return places.Held(".env#TOKEN").value_or("(nothing)"); }

  FakeClock clock{kNoon};
  FakeIssuer issuer;
  FakePlaces places;
  FakeFingerprinter fingerprinter;
  SoleHolder coordinator;
  EventRecorder events;
  MemoryStateStore store;
  CredentialSpec spec;
  std::unique_ptr<Keeper> keeper;
  std::shared_ptr<const CredentialState> seen;
};

}  // namespace tokenwarden
