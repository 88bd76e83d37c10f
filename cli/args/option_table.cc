#include "cli/args/option_table.h"

namespace tokenwarden::cli {
namespace {

constexpr OptionSpec kCommon[] = {
    {"--format", "text|json", "how to print the answer (default text)", "TOKENWARDEN_FORMAT",
     Repeat::kOnce, '\0', "text|json"},
    {"--quiet",
     "",
     "print no text on standard output; the exit code is the answer",
     {},
     Repeat::kOnce,
     'q'},
    {"--no-color", "", "no colours (also NO_COLOR, TERM=dumb, or when not on a terminal)"},
    {"--help", "", "what a command does and takes", {}, Repeat::kOnce, 'h'},
    {"--version", "", "the same as `tokenwarden version`"},
};

constexpr OptionSpec kCheck[] = {
    {"--env-file",
     "FILE",
     "a .env file; several make several scopes, `-` is standard input",
     {},
     Repeat::kMany},
    {"--token-stdin", "",
     "one token on standard input; its ids come from flags or the environment"},
    {"--config", "FILE", "every credential of an agent's configuration", "TOKENWARDEN_CONFIG"},
    {"--select",
     "TERM",
     "only these: NAME (* is anything), tenant=T, label.KEY=V; commas mean and",
     {},
     Repeat::kMany},
    {"--min-remaining", "7d|20%",
     "fail when less is left, as time or part of the lifetime (default 0)",
     "TOKENWARDEN_MIN_REMAINING"},
    {"--warn", "14d|20%", "warn when less is left (default: 14d or a third of the lifetime)",
     "TOKENWARDEN_WARN"},
    {"--on-indeterminate", "fail|warn|pass",
     "what it means when nobody could tell (default: exit 4)", "TOKENWARDEN_ON_INDETERMINATE",
     Repeat::kOnce, '\0', "fail|warn|pass"},
    {"--fail-on", "error|warning", "with `warning`, warnings alone exit 3 (default error)",
     "TOKENWARDEN_FAIL_ON", Repeat::kOnce, '\0', "error|warning"},
    {"--require-scope", "SCOPE", "a scope that the token must have", {}, Repeat::kMany},
    {"--timeout", "30s", "for the whole run", "TOKENWARDEN_TIMEOUT"},
    {"--app-id", "ID", "the Meta app that the token should belong to"},
    {"--phone-number-id", "ID", "a phone number that the token must reach"},
    {"--business-account-id", "ID", "a WhatsApp business account that the token must reach"},
    {"--exit-zero", "", "report only: exit 0 instead of 1, 3 or 4"},
    {"--now", "TIME", "pretend that it is this time, such as 2026-11-20T10:00:00Z"},
};

constexpr OptionSpec kAddress = {"--address", "unix:///PATH|HOST:PORT", "where the agent listens",
                                 "TOKENWARDEN_ADDRESS"};
constexpr OptionSpec kStatus[] = {
    kAddress,
    {"--select",
     "TERM",
     "only these: NAME (* is anything), tenant=T, label.KEY=V; commas mean and",
     {},
     Repeat::kMany},
    {"--rotation", "", "where the rotation of NAME stands, why, and what happens next"},
    {"--timeout", "10s", "how long to wait for the agent"},
};
constexpr OptionSpec kOneToken[] = {
    kAddress,
    {"--timeout", "60s", "how long to wait for the agent"},
};
constexpr OptionSpec kSubmit[] = {
    kAddress,
    {"--timeout", "60s", "how long to wait for the agent"},
    {"--accept-worse", "REASON", "accept a value that is worse than the current one, and say why"},
    {"--kept-aside", "", "take the value that was refused and kept aside; none is read"},
};
constexpr OptionSpec kRekey[] = {
    {"--config", "FILE", "the agent's configuration: its state and the key of today",
     "TOKENWARDEN_CONFIG"},
    {"--new-key", "FILE",
     "the new key, made by keygen (default: a new one takes the place of the key file)"},
    {"--key-command", "COMMAND",
     "a program that prints the key of today, arguments separated by spaces (default: state.key)"},
};

constexpr CommandSpec kCommands[] = {
    {"check", "", 0, 0, "ask the issuer whether tokens work, and gate on the answer", kCheck,
     "  tokenwarden check --env-file .env\n"
     "  tokenwarden check --env-file .env --min-remaining 7d --require-scope "
     "whatsapp_business_messaging\n"
     "  printenv WHATSAPP_ACCESS_TOKEN | tokenwarden check --token-stdin --format json\n"
     "  tokenwarden check --config tokenwarden.yaml --select tenant=acme\n"},
    {"status", "[NAME]", 0, 1, "what a running agent knows about its tokens", kStatus,
     "  tokenwarden status\n  tokenwarden status --select 'tenant=acme' --format json\n"
     "  tokenwarden status whatsapp --rotation\n"},
    {"refresh", "NAME", 1, 1, "have the agent renew a token now", kOneToken,
     "  tokenwarden refresh whatsapp\n"},
    {"submit", "NAME", 1, 1, "hand a new value to the agent, which proves it first", kSubmit,
     "  tokenwarden submit whatsapp            (asks for the value without showing it)\n"
     "  tokenwarden submit whatsapp < new-token.txt\n"
     "  tokenwarden submit whatsapp --kept-aside --accept-worse 'the app was moved'\n"},
    {"rollback", "NAME", 1, 1, "have the agent prove the value before this one and use it again",
     kOneToken, "  tokenwarden rollback whatsapp\n"},
    {"sync", "NAME", 1, 1, "have the agent publish the current value to every sink again",
     kOneToken, "  tokenwarden sync whatsapp        (also ends a drift under `drift: alarm`)\n"},
    {"explain", "CREDENTIAL|CODE", 1, 1, "why the agent does what it does, or what an error means",
     kOneToken, "  tokenwarden explain whatsapp\n  tokenwarden explain 190/463\n"},
    {"validate",
     "FILE",
     1,
     1,
     "check an agent's configuration without starting it",
     {},
     "  tokenwarden validate tokenwarden.yaml\n"},
    {"keygen",
     "FILE",
     1,
     1,
     "make a new key for the agent's state, mode 0600",
     {},
     "  tokenwarden keygen /etc/tokenwarden/key\n"},
    {"rekey", "", 0, 0, "seal the state of a stopped agent under another key", kRekey,
     "  tokenwarden rekey --config /etc/tokenwarden/tokenwarden.yaml\n"
     "  tokenwarden keygen new.key && tokenwarden rekey --config tokenwarden.yaml --new-key "
     "new.key\n"},
    {"completion",
     "bash|zsh|fish",
     1,
     1,
     "a script that teaches a shell to complete these commands",
     {},
     "  source <(tokenwarden completion bash)\n"
     "  tokenwarden completion fish > ~/.config/fish/completions/tokenwarden.fish\n"},
    {"version",
     "",
     0,
     0,
     "the version of this program",
     {},
     "  tokenwarden version --format json\n"},
    {"help",
     "[COMMAND|TOPIC]",
     0,
     1,
     "about a command, or: exit-codes, environment",
     {},
     "  tokenwarden help check\n  tokenwarden help exit-codes\n"},
};

bool Names(const OptionSpec& option, std::string_view flag) {
  if (flag == option.name) return true;
  return option.letter != '\0' && flag.size() == 2 && flag[0] == '-' && flag[1] == option.letter;
}

const OptionSpec* FindIn(std::span<const OptionSpec> options, std::string_view flag) {
  for (const OptionSpec& option : options) {
    if (Names(option, flag)) return &option;
  }
  return nullptr;
}

}  // namespace

std::span<const OptionSpec> CommonOptions() { return kCommon; }
std::span<const CommandSpec> Commands() { return kCommands; }

const CommandSpec* FindCommand(std::string_view name) {
  for (const CommandSpec& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

const OptionSpec* FindOption(const CommandSpec* command, std::string_view flag) {
  if (command != nullptr) {
    if (const OptionSpec* option = FindIn(command->options, flag)) return option;
  }
  return FindIn(kCommon, flag);
}

}  // namespace tokenwarden::cli
