// Writes tokenwarden(1) in the language of man pages, from the tables that the program itself uses.
#include <cstdio>
#include <string>

#include "cli/args/option_table.h"
#include "cli/exit_codes.h"

namespace tokenwarden::cli {
namespace {

// A backslash, and a dot or quote at the start of a line, would be read as a request.
std::string Roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool starts = escaped.empty() || escaped.back() == '\n';
    if (starts && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '-') escaped += '\\';
    escaped += c == '\\' ? std::string("\\e") : std::string(1, c);
  }
  return escaped;
}

std::string Option(const OptionSpec& option) {
  std::string text = ".TP\n.B ";
  if (option.letter != '\0') text += std::string("\\-") + option.letter + ", ";
  text += Roff(option.name) + " " + Roff(option.value_name) + "\n" + Roff(option.help) + ".";
  if (option.repeat == Repeat::kMany) text += " May be given several times.";
  if (!option.environment.empty()) text += " Environment: " + Roff(option.environment) + ".";
  return text + "\n";
}

std::string Command(const CommandSpec& command) {
  std::string text = ".SS " + Roff(command.name) + " " + Roff(command.operands) + "\n" +
                     Roff(command.summary) + ".\n";
  for (const OptionSpec& option : command.options) text += Option(option);
  return text + ".PP\n.nf\n" + Roff(command.examples) + ".fi\n";
}

std::string Page() {
  std::string text =
      ".TH TOKENWARDEN 1 \"\" \"Tokenwarden\" \"User commands\"\n.SH NAME\n"
      "tokenwarden \\- checks API tokens, and talks to the agent that keeps them alive\n"
      ".SH SYNOPSIS\n.B tokenwarden\n.I COMMAND\n.RI [ OPTIONS ]\n.SH COMMANDS\n";
  for (const CommandSpec& command : Commands()) text += Command(command);
  text += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const OptionSpec& option : CommonOptions()) text += Option(option);
  text += ".SH EXIT STATUS\n";
  for (const ExitCodeRow& row : kExitCodes) {
    text +=
        ".TP\n.B " + std::to_string(static_cast<int>(row.code)) + "\n" + Roff(row.meaning) + ".\n";
  }
  return text +
         "When several apply the worst wins, in the order 2, 5, 4, 1, 3.\n"
         ".SH SEE ALSO\n.BR tokenwarden\\-agent (8)\n";
}

}  // namespace
}  // namespace tokenwarden::cli

int main() {
  std::fputs(tokenwarden::cli::Page().c_str(), stdout);
  return 0;
}
