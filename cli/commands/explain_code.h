// `explain CODE`: rows of an issuer's error table, without an agent.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cli/commands/outcome.h"

namespace tokenwarden::cli {

struct ErrorCode {
  std::int64_t code = 0;
  std::optional<std::int64_t> subcode;
};

// `190` or `190/463`; anything else is the name of a credential.
std::optional<ErrorCode> ParseErrorCode(std::string_view text);

Outcome ExplainCode(const Context& context, const ErrorCode& code);

}  // namespace tokenwarden::cli
