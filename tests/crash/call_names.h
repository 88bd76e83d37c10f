// What a system call is called in reports: `pwrite64(state/state.db-wal)`. Never a value.
#pragma once

#include <string>

#include "tests/crash/tracer.h"

namespace tokenwarden::crash {

struct NamedCall {
  std::string name;  // `pwrite64`; a number where we have no name
  std::string
      target;  // relative to the room; `socket`, `anon`, … for what is no file; may be empty
  bool in_room = false;

  std::string Text() const { return name + "(" + target + ")"; }
};

// `room`: the directory that targets are told relative to.
NamedCall NameOf(const Call& call, const std::string& room);

}  // namespace tokenwarden::crash
