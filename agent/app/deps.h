// Deps: everything outside the application layer, by its port. References outlive the agent.
#pragma once

#include "agent/ports/clock.h"
#include "agent/ports/coordinator.h"
#include "agent/ports/crypto.h"
#include "agent/ports/event_listener.h"
#include "agent/ports/http_client.h"
#include "agent/ports/places.h"
#include "agent/ports/provider.h"
#include "agent/ports/state_store.h"

namespace tokenwarden {

struct Deps {
  Clock& clock;
  HttpClient& http;
  Provider& provider;
  StateStore& store;
  PlaceFactory& places;
  SecretResolver& secrets;
  Fingerprinter& fingerprinter;
  Notifier& notifier;
  Coordinator& coordinator;
  EventListener& events;
};

}  // namespace tokenwarden
