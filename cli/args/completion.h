// Completion: what a shell offers after `tokenwarden <TAB>`, from the table of commands. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tokenwarden::cli {

// A script for `bash`, `zsh` or `fish`; nullopt for another shell.
std::optional<std::string> CompletionFor(std::string_view shell);

}  // namespace tokenwarden::cli
