// The targets of a `.env` file. Each file is a scope of its own: its identifiers and secrets belong
// to its tokens and to no other file's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/adapters/files/dotenv_document.h"
#include "agent/core/result.h"
#include "cli/check/discovery.h"
#include "cli/check/target.h"

namespace tokenwarden::cli {

// Graph tokens first, each group in the order of the file. `prefix` (`FILE:` or empty) goes before
// every name. Empty when no token has a recognised name. Errors as DotenvDocument::Read, for
// recognised names only.
Result<std::vector<Target>> TargetsOfEnvFile(const files::DotenvDocument& document,
                                             const std::string& prefix, const Identifiers& given);

}  // namespace tokenwarden::cli
