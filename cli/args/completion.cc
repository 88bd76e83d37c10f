#include "cli/args/completion.h"

#include <algorithm>

#include "cli/args/option_table.h"

namespace tokenwarden::cli {
namespace {

std::string Words(std::string_view alternatives) {
  std::string words(alternatives);
  std::replace(words.begin(), words.end(), '|', ' ');
  return words;
}

// Takes a file's name: what follows is completed by the shell itself.
bool IsFile(std::string_view value_name) { return value_name.find("FILE") != value_name.npos; }

// Inside single quotes of a shell.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string CommandNames() {
  std::string names;
  for (const CommandSpec& command : Commands()) names += std::string(command.name) + " ";
  names.pop_back();
  return names;
}

std::string OptionNames(const CommandSpec& command) {
  std::string names;
  for (const OptionSpec& option : command.options) names += std::string(option.name) + " ";
  for (const OptionSpec& option : CommonOptions()) names += std::string(option.name) + " ";
  names.pop_back();
  return names;
}

// `--format) words="text json" ;;`, once for each option that takes one of a few words.
std::string BashValues(std::span<const OptionSpec> options, std::string& seen) {
  std::string rows;
  for (const OptionSpec& option : options) {
    const std::string label = std::string(option.name) + ")";
    if (option.value_name.empty() || seen.find(label) != seen.npos) continue;
    seen += label;
    if (!option.words.empty()) {
      rows += "    " + label + " COMPREPLY=($(compgen -W \"" + Words(option.words) +
              "\" -- \"$word\")); return ;;\n";
    } else {
      rows += "    " + label + " " +
              (IsFile(option.value_name) ? "COMPREPLY=($(compgen -f -- \"$word\")); " : "") +
              "return ;;\n";
    }
  }
  return rows;
}

std::string Bash() {
  std::string seen;
  std::string text =
      "# bash completion for tokenwarden; put it where bash-completion looks, or source it\n"
      "_tokenwarden() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= each\n"
      "  COMPREPLY=()\n"
      "  case $before in\n" +
      BashValues(CommonOptions(), seen);
  for (const CommandSpec& command : Commands()) text += BashValues(command.options, seen);
  text +=
      "  esac\n"
      "  for each in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $each in -*) ;; *) command=$each; break ;; esac\n"
      "  done\n"
      "  case $command in\n"
      "    '') COMPREPLY=($(compgen -W \"" +
      CommandNames() + "\" -- \"$word\")) ;;\n";
  for (const CommandSpec& command : Commands()) {
    text +=
        "    " + std::string(command.name) +
        ")\n      case $word in\n        -*) COMPREPLY=($(compgen -W \"" + OptionNames(command) +
        "\" -- \"$word\")) ;;\n" +
        (IsFile(command.operands) ? "        *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n" : "") +
        "      esac ;;\n";
  }
  return text + "  esac\n}\ncomplete -o filenames -F _tokenwarden tokenwarden\n";
}

// Characters that `_arguments` reads as its own.
std::string ZshText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string ZshOption(const OptionSpec& option) {
  std::string spec = option.repeat == Repeat::kMany ? "*" : "";
  spec += std::string(option.name) + "[" + ZshText(option.help) + "]";
  if (option.value_name.empty()) return Quoted(spec);
  spec += ":" + ZshText(option.value_name) + ":";
  if (!option.words.empty()) {
    spec += "(" + Words(option.words) + ")";
  } else if (IsFile(option.value_name)) {
    spec += "_files";
  }
  return Quoted(spec);
}

std::string Zsh() {
  std::string text =
      "#compdef tokenwarden\n# zsh completion for tokenwarden; put it into a directory of $fpath "
      "as "
      "_tokenwarden\n_tokenwarden() {\n  local -a commands common\n  commands=(\n";
  for (const CommandSpec& command : Commands()) {
    text += "    " + Quoted(std::string(command.name) + ":" + ZshText(command.summary)) + "\n";
  }
  text += "  )\n  common=(\n";
  for (const OptionSpec& option : CommonOptions()) text += "    " + ZshOption(option) + "\n";
  text +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
      "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n";
  for (const CommandSpec& command : Commands()) {
    text += "    " + std::string(command.name) + ") _arguments $common";
    for (const OptionSpec& option : command.options) text += " \\\n      " + ZshOption(option);
    text += std::string(" \\\n      ") + (IsFile(command.operands) ? "'*:file:_files'" : "'*::'") +
            " ;;\n";
  }
  return text + "  esac\n}\n_tokenwarden \"$@\"\n";
}

std::string FishOption(const OptionSpec& option, const std::string& condition) {
  std::string row =
      "complete -c tokenwarden" + condition + " -l " + std::string(option.name.substr(2));
  if (option.letter != '\0') row += std::string(" -s ") + option.letter;
  if (!option.value_name.empty()) row += IsFile(option.value_name) ? " -r -F" : " -x";
  if (!option.words.empty()) row += " -a " + Quoted(Words(option.words));
  return row + " -d " + Quoted(option.help) + "\n";
}

std::string Fish() {
  std::string text = "# fish completion for tokenwarden\ncomplete -c tokenwarden -f\n";
  for (const CommandSpec& command : Commands()) {
    text += "complete -c tokenwarden -n __fish_use_subcommand -a " + std::string(command.name) +
            " -d " + Quoted(command.summary) + "\n";
  }
  for (const OptionSpec& option : CommonOptions()) text += FishOption(option, "");
  for (const CommandSpec& command : Commands()) {
    const std::string in_it = " -n '__fish_seen_subcommand_from " + std::string(command.name) + "'";
    for (const OptionSpec& option : command.options) text += FishOption(option, in_it);
    if (IsFile(command.operands)) text += "complete -c tokenwarden" + in_it + " -F\n";
  }
  return text;
}

}  // namespace

std::optional<std::string> CompletionFor(std::string_view shell) {
  if (shell == "bash") return Bash();
  if (shell == "zsh") return Zsh();
  if (shell == "fish") return Fish();
  return std::nullopt;
}

}  // namespace tokenwarden::cli
