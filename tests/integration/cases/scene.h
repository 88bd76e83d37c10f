// Scene: one credential in front of a freshly arranged case, and the steps that rows use to say how
// it is configured and what happens around it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/core/secret.h"
#include "agent/core/spec.h"
#include "agent/core/verdict.h"
#include "tests/simulators/graph/json.h"

namespace tokenwarden::cases {

using graph_simulator::Json;

struct Scene {
  Json answer;  // of the simulator: ids, secrets, and the requests that the case is about
  CredentialSpec spec;
  std::string value;
  std::optional<Secret> app_secret;
  std::optional<Secret> parent_token;
  std::optional<Secret> generate_token;
  std::chrono::milliseconds timeout{10000};
  int looks = 1;
  Seconds our_clock_off{0};          // added to what our clock would show
  bool others_call_first = false;    // somebody else sends the case's call before we look
  bool others_call_between = false;  // … between our look and our renewal
  // The renewal goes by an earlier look that found a living token, as it does when the token or the
  // app secret changed since.
  std::optional<Lifetime> earlier_look;
};

// The usual credential: ids, app secret and token as the case says, no assets, no required scopes.
Scene UsualScene(Json answer);

using Step = void (*)(Scene& scene);

// Whose word is asked.
void WithoutSecret(Scene& scene);        // only the token itself can be asked
void WithSecretOfTheCall(Scene& scene);  // app id and secret as the case's own request has them
void WithTheInspectorAsSecret(Scene& scene);
void WithWrongSecret(Scene& scene);
void WithProofsStamped(Scene& scene);
// What is looked at.
void OfTheInspector(Scene& scene);  // the inspector is the value
void OfTheCall(Scene& scene);       // the value that the case's request exchanges
void OfNoKnownForm(Scene& scene);   // nothing that can be refused without asking
void OfAnApp(Scene& scene);
void OfAPage(Scene& scene);
void OfASystemUser(Scene& scene);
void OfVersion19(Scene& scene);
void OfVersion99(Scene& scene);
// What is asked of it.
void ForWhatsApp(Scene& scene);  // both permissions
void ForThePhone(Scene& scene);
void ForTheAccount(Scene& scene);
void ByGeneration(Scene& scene);
// How it goes.
void LookTwice(Scene& scene);
void Impatiently(Scene& scene);  // one and a half seconds for a request
void WithOurClockSlow(Scene& scene);
void AfterTheCall(Scene& scene);
void RacingTheCall(Scene& scene);
void SeenAliveBefore(Scene& scene);
void SeenNeverEndingBefore(Scene& scene);

}  // namespace tokenwarden::cases
