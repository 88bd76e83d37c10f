// Evidence: what was seen of agents that shared credentials, and the judgement over it.
//
// Pure: the issuer, the places and the agents are looked at elsewhere. No sentence holds a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/ports/crypto.h"

namespace tokenwarden::replicas {

using Moment = std::chrono::steady_clock::time_point;

// An exchange that the issuer carried out.
struct Exchange {
  std::string agent;  // who asked for it
  std::string old_value;
  std::string new_value;
  Moment at{};  // when it was seen in the issuer's journal
};

// An agent was killed or paused; with no name: a server that all of them need was restarted.
struct Interruption {
  std::string agent;
  Moment at{};
};

// What a place held, from one write to the next.
struct Version {
  std::string value;
  std::string fingerprint;
  std::uint64_t generation = 0;
  std::uint64_t epoch = 0;
  bool has_markers = true;  // older versions of a secret in Vault have none
  Moment at{};              // when it was seen there, where that is known
};

struct Place {
  std::string credential;
  std::string name;              // `secret c-001`
  std::vector<Version> history;  // in the server's order
  std::vector<Version> at_end;   // read by another client than ours; empty when nothing was there
};

struct Evidence {
  std::map<std::string, std::string> first_values;  // by credential
  std::vector<Exchange> exchanges;                  // in the issuer's order
  std::vector<Interruption> interruptions;
  std::vector<Place> places;
};

struct Judgement {
  int rotations = 0;  // new values that were published somewhere
  // A value that was exchanged although an earlier exchange of it had not been lost.
  int double_refreshes = 0;
  // A place went back to an older generation or epoch, or held a value that is not its marker's.
  int stale_overwrites = 0;
  int behind = 0;  // places that do not hold the newest generation at the end
  // Exchanges whose reply died with the process, or the server, that waited for it or was to keep
  // it. The old value is exchanged again then; there is no other way on.
  int lost_replies = 0;
  std::vector<std::string> sentences;  // one for each finding
};
Judgement Judge(const Evidence& evidence, const Fingerprinter& fingerprinter);

}  // namespace tokenwarden::replicas
