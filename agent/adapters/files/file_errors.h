// What the system's error numbers mean to an operator.
#pragma once

#include <string>

#include "agent/core/result.h"

namespace tokenwarden::files {

// `attempted` is what was tried and on what: `cannot write /srv/app/.env`.
tl::unexpected<Error> SystemError(const std::string& attempted, int number);

}  // namespace tokenwarden::files
