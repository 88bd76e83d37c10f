// Scenario: what one run is about: the specification, the issuer's character, how many agents there
// are.
#pragma once

#include "agent/core/spec.h"
#include "agent/core/state.h"
#include "tests/simulation/random.h"

namespace tokenwarden::simulation {

struct Scenario {
  CredentialSpec spec;
  RotationModel model = RotationModel::kNone;
  Seconds grace{0};         // of the grace models: how long the old value may be presented again
  Seconds life{0};          // of what the issuer mints; zero = never ends
  bool makes_anew = false;  // successors are generated, the old value is not needed for it
  int agents = 1;
  bool documents = false;  // the state lies on a server, and not on a disk
  int steps = 30;
};

Scenario DrawScenario(Random& random);

// What an edit of the configuration may change while the agents run.
void ChangeConfiguration(CredentialSpec& spec, Random& random);

}  // namespace tokenwarden::simulation
