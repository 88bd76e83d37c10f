// The invariants of a rotation, judged from what was seen. Pure: evidence in, violations out.
//
// Nothing here knows how the evidence was made: by a kill, by a fault, by another kind of store or
// sink.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tokenwarden::crash {

// A value that the issuer handed out during the rotation.
struct Issued {
  std::string value;
  bool proven = false;  // the issuer was asked about it and confirmed it
};

// One place, and everything that it was seen to hold, in order, the last one now.
struct SinkSeen {
  std::string name;
  // What stands before and after the value in an intact place.
  std::string before;
  std::string after;
  std::vector<std::string> contents;
};

// What the store holds.
struct StoreSeen {
  std::string problem;              // not empty: it could not be opened, and this is why
  std::string current;              // the value of the current generation
  std::vector<std::string> held;    // every value, and every raw reply, that can be taken out
  bool knows_of_a_request = false;  // an unfinished rotation that may have reached the issuer
  bool is_unfinished = false;       // a rotation before `current`
  bool settled = false;             // the newest rotation is over, as it should be
  std::string newest_rotation;      // its state, for people
  std::string need;                 // what an operator is asked for
};

struct Evidence {
  std::string first;           // the value before the rotation
  std::vector<Issued> issued;  // oldest first
  bool reply_durable = false;  // the disk had taken the reply to the first request
  StoreSeen store;
  std::vector<SinkSeen> sinks;
  int told = 0;  // how often the consumer was told
};

enum class Moment {
  kInterrupted,  // right after the end of the process
  kRecovered,    // after it ran again, undisturbed
};

enum class Harm { kLost, kTorn, kUnproven, kExtraExchange, kUnexplained };
inline constexpr std::size_t kHarms = 5;
std::string ToString(Harm harm);

struct Violation {
  Harm harm;
  std::string what;  // never a value
};

std::vector<Violation> Judge(const Evidence& evidence, Moment moment);

// Only what the places held at any time: whole, proven, never going back.
std::vector<Violation> JudgePlaces(const Evidence& evidence);

// The value inside a place's content; nullopt when the content is torn.
std::optional<std::string> ValueIn(const SinkSeen& sink, const std::string& content);

}  // namespace tokenwarden::crash
