// Faults: what a system call can be made to fail with, and which calls each kind applies to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/call_names.h"
#include "tests/crash/tracer.h"

namespace tokenwarden::crash {

struct Fault {
  std::string_view name;
  int error;  // what the call returns; 0: it does half of what it was asked for
  // A careful program goes on as if nothing had happened.
  bool is_harmless;
  // From that point on, until the agent ends: a disk that is full or gone.
  bool lasts;
  std::vector<std::string_view> calls;
};

const std::vector<Fault>& AllFaults();
// Does the fault make sense for this call? Only what concerns files of the room.
bool Applies(const Fault& fault, const NamedCall& call);
// The answer that plays the fault.
Answer Play(const Fault& fault, const Call& call);

}  // namespace tokenwarden::crash
