// Everything the simulator holds, behind one lock (see Service).
#pragma once

#include <string>

#include "tests/simulators/graph/faults.h"
#include "tests/simulators/graph/journal.h"
#include "tests/simulators/graph/model.h"
#include "tests/simulators/graph/token_mint.h"

namespace tokenwarden::graph_simulator {

struct WorldOptions {
  std::string seed;          // same seed, same tokens
  std::string app_secret;    // of the built-in app; empty = made from the seed
  Json state;                // replaces or adds to the built-in scenario; null = nothing
  std::string journal_file;  // JSON lines without secrets; empty = none
};

struct World {
  explicit World(WorldOptions options);  // throws std::exception that says what is wrong

  // Back to the beginning: built-in scenario, given state, no faults, empty journal. Same tokens as
  // before.
  void Reset();

  WorldOptions options;
  State state;
  TokenMint mint;
  FaultScript faults;
  Journal journal;
  std::string base_url;  // http://127.0.0.1:PORT
};

// Ids of the built-in scenario.
inline constexpr char kAppId[] = "100000000000001";
inline constexpr char kOtherAppId[] = "100000000000002";
inline constexpr char kSystemUserId[] = "300000000000001";
inline constexpr char kUserId[] = "300000000000002";
inline constexpr char kBusinessId[] = "500000000000001";
inline constexpr char kPageId[] = "600000000000001";
inline constexpr char kWabaId[] = "200000000000001";
inline constexpr char kPhoneId[] = "400000000000001";

// What a request to mint a token may say is in ControlHelp(). Throws std::invalid_argument.
Token& MintToken(World& world, const Json& wish);

}  // namespace tokenwarden::graph_simulator
