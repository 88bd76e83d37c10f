#include <algorithm>

#include "cli/args/nearest.h"
#include "cli/check/discovery.h"
#include "cli/commands/commands.h"
#include "cli/exit_codes.h"
#include "cli/render/json_writer.h"

namespace tokenwarden::cli {
namespace {

constexpr std::size_t kColumn = 34;

std::string Row(std::string left, std::string_view right) {
  left = "  " + left;
  left += left.size() < kColumn ? std::string(kColumn - left.size(), ' ')
                                : "\n" + std::string(kColumn, ' ');
  return left + std::string(right) + "\n";
}

std::string OptionRow(const OptionSpec& option) {
  std::string left = option.letter == '\0' ? "" : std::string("-") + option.letter + ", ";
  left += option.name;
  if (!option.value_name.empty()) left += " " + std::string(option.value_name);
  std::string right(option.help);
  if (option.repeat == Repeat::kMany) right += " (repeatable)";
  return Row(left, right);
}

std::string Overview() {
  std::string text =
      "tokenwarden: keeps API tokens alive, and says in time when it cannot\n\n"
      "  tokenwarden check --env-file .env\n"
      "  printenv WHATSAPP_ACCESS_TOKEN | tokenwarden check --token-stdin\n\nCommands:\n";
  for (const CommandSpec& command : Commands()) {
    text += Row(std::string(command.name) + " " + std::string(command.operands), command.summary);
  }
  text += "\nOptions of every command:\n";
  for (const OptionSpec& option : CommonOptions()) text += OptionRow(option);
  return text + "\nMore: tokenwarden help COMMAND, help exit-codes, help environment\n";
}

std::string AboutCommand(const CommandSpec& command) {
  std::string text = std::string(command.examples) + "\ntokenwarden " + std::string(command.name);
  if (!command.operands.empty()) text += " " + std::string(command.operands);
  text += " [OPTIONS]: " + std::string(command.summary) + "\n";
  if (!command.options.empty()) text += "\nOptions:\n";
  for (const OptionSpec& option : command.options) text += OptionRow(option);
  text += "\nOptions of every command:\n";
  for (const OptionSpec& option : CommonOptions()) text += OptionRow(option);
  if (command.name == "check") {
    text += "\nNames of tokens that are recognised in a .env file:\n  " + NamesOf(Role::kToken) +
            "\nBeside them: " + NamesOf(Role::kAppId) + ", " + NamesOf(Role::kAppSecret) + ",\n  " +
            NamesOf(Role::kPhoneNumberId) + ", " + NamesOf(Role::kBusinessAccountId) + ", " +
            NamesOf(Role::kSharedSecret) +
            " (a shared secret, not a token)\n"
            "Fingerprints are keyed: with --config under the state's key and equal to the agent's, "
            "otherwise\nunder a new key in each run. Exit codes: tokenwarden help exit-codes\n";
  }
  return text;
}

std::string AboutExitCodes() {
  std::string text = "Exit codes:\n";
  for (const ExitCodeRow& row : kExitCodes) {
    text += Row(std::to_string(static_cast<int>(row.code)), row.meaning);
  }
  return text +
         "\nWhen several apply the worst wins, in the order 2, 5, 4, 1, 3.\n"
         "--exit-zero turns 1, 3 and 4 into 0, for reports that must not stop a pipeline.\n";
}

void AppendVariables(std::span<const OptionSpec> options, std::vector<std::string>& seen,
                     std::string& text) {
  for (const OptionSpec& option : options) {
    const std::string name(option.environment);
    if (name.empty() || std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    text += Row(name, "stands in for " + std::string(option.name));
  }
}

std::string AboutEnvironment() {
  std::string text = "Environment (a flag always wins, then these, then a configuration file):\n";
  std::vector<std::string> seen;
  AppendVariables(CommonOptions(), seen, text);
  for (const CommandSpec& command : Commands()) AppendVariables(command.options, seen, text);
  text += Row("TOKENWARDEN_META_ENDPOINT", "base URL of the Graph API, for simulators and proxies");
  text += Row("SSL_CERT_FILE", "certificates to trust instead of the system's");
  text += Row("https_proxy, no_proxy", "as libcurl reads them; loopback never uses a proxy");
  text += Row("NO_COLOR", "no colours when set and not empty");
  text += "\nRead by `check --token-stdin`, which has no file to find them in:\n";
  for (const KnownName& known : KnownNames()) {
    if (known.role == Role::kToken || known.role == Role::kSharedSecret) continue;
    text += "  " + std::string(known.name) + "\n";
  }
  return text;
}

Outcome UnknownTopic(const Context& context, std::string_view topic) {
  std::vector<std::string_view> known = {"exit-codes", "environment"};
  for (const CommandSpec& command : Commands()) known.push_back(command.name);
  const auto nearest = NearestOf(topic, known);
  return Failed(Error{ErrorKind::kInvalidArgument, "unknown_topic", "there is no help on that",
                      nearest ? "did you mean `tokenwarden help " + std::string(*nearest) + "`?"
                              : "see `tokenwarden help`"},
                context.json);
}

Outcome Show(const Context& context, const std::string& text) {
  JsonWriter json;
  json.BeginObject()
      .String("schema", "tokenwarden.help/v1")
      .Number("exit_code", 0)
      .String("text", text)
      .EndObject();
  return Answer(context, text, json.Take());
}

}  // namespace

Outcome RunHelp(const Context& context) {
  const ParsedArgs& args = context.args;
  const bool asked_by_flag = args.command != nullptr && args.command->name != "help";
  if (asked_by_flag) return Show(context, AboutCommand(*args.command));
  if (args.operands.empty()) return Show(context, Overview());
  const std::string& topic = args.operands.front();
  if (topic == "exit-codes") return Show(context, AboutExitCodes());
  if (topic == "environment") return Show(context, AboutEnvironment());
  const CommandSpec* command = FindCommand(topic);
  return command == nullptr ? UnknownTopic(context, topic) : Show(context, AboutCommand(*command));
}

}  // namespace tokenwarden::cli
