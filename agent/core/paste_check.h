// Paste check: what can be said about a value before anybody is asked.
//
// Finds what people really paste by mistake: spaces, quotes, `Bearer `, masks, placeholders, ID
// tokens. Never repairs: the caller says what is wrong, the person fixes it.
#pragma once

#include <optional>
#include <string>

#include "agent/core/secret.h"
#include "agent/core/verdict.h"

namespace tokenwarden {

struct PasteProblem {
  Reason reason;        // one of the `malformed` reasons
  std::string message;  // what is wrong, without the value
  std::string action;
};

// Rules that hold for any token: empty, placeholder, spaces, quotes, prefix, mask, non-ASCII, too
// long.
std::optional<PasteProblem> CheckPaste(const Secret& value);

}  // namespace tokenwarden
