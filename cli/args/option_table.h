// The commands of the program and their options: one table for parsing, help and suggestions.
//
// Static data, no constructors at start-up.
#pragma once

#include <span>
#include <string_view>

namespace tokenwarden::cli {

enum class Repeat { kOnce, kMany };

struct OptionSpec {
  std::string_view name;        // `--min-remaining`
  std::string_view value_name;  // `7d|20%` for help; empty = a switch
  std::string_view help;
  std::string_view environment = {};  // variable that stands in when the flag is absent
  Repeat repeat = Repeat::kOnce;
  char letter = '\0';           // `-q`
  std::string_view words = {};  // accepted values, separated by `|`; empty = any
};

struct CommandSpec {
  std::string_view name;
  std::string_view operands;  // for help: `FILE`, `[NAME]`
  std::size_t min_operands;
  std::size_t max_operands;
  std::string_view summary;
  std::span<const OptionSpec> options;  // beside the common ones
  std::string_view examples;            // first lines of its help
};

std::span<const OptionSpec> CommonOptions();
std::span<const CommandSpec> Commands();
const CommandSpec* FindCommand(std::string_view name);
// Of the command or common; `letter` options too (`-q`). Nullptr when unknown.
const OptionSpec* FindOption(const CommandSpec* command, std::string_view flag);

}  // namespace tokenwarden::cli
