#include "cli/args/parser.h"

#include <utility>

#include "cli/args/nearest.h"
#include "cli/args/token_like.h"

namespace tokenwarden::cli {
namespace {

tl::unexpected<Error> Usage(std::string reason, std::string message, std::string action) {
  return MakeError(ErrorKind::kInvalidArgument, std::move(reason), std::move(message),
                   std::move(action));
}

std::string Seen(const CommandSpec* command) {
  return command == nullptr ? "tokenwarden help" : "tokenwarden help " + std::string(command->name);
}

std::vector<std::string_view> KnownFlags(const CommandSpec* command) {
  std::vector<std::string_view> names;
  if (command != nullptr) {
    for (const OptionSpec& option : command->options) names.push_back(option.name);
  }
  for (const OptionSpec& option : CommonOptions()) names.push_back(option.name);
  return names;
}

// A word as it may be repeated: short and printable, else only said to be there.
std::string Shown(std::string_view word) {
  constexpr std::size_t kLongest = 32;
  if (word.size() > kLongest) return "a long word (not repeated here)";
  std::string text = "`";
  for (char c : word) text += c >= ' ' && c < 0x7f ? c : '?';
  return text + "`";
}

std::string Advice(std::optional<std::string_view> nearest, const CommandSpec* command) {
  const std::string see = "see `" + Seen(command) + "`";
  return nearest ? "did you mean `" + std::string(*nearest) + "`? Otherwise " + see : see;
}

tl::unexpected<Error> UnknownOption(const CommandSpec* command, std::string_view flag) {
  return Usage("unknown_option", "there is no option " + Shown(flag) + " here",
               Advice(NearestOf(flag, KnownFlags(command)), command));
}

tl::unexpected<Error> UnknownCommand(std::string_view word) {
  std::vector<std::string_view> names;
  for (const CommandSpec& command : Commands()) names.push_back(command.name);
  return Usage("unknown_command", "there is no command " + Shown(word),
               Advice(NearestOf(word, names), nullptr));
}

bool IsOneOf(std::string_view words, std::string_view value) {
  while (!words.empty()) {
    const std::size_t bar = words.find('|');
    if (words.substr(0, bar) == value) return true;
    words = bar == words.npos ? std::string_view{} : words.substr(bar + 1);
  }
  return false;
}

Status CheckValue(const OptionSpec& option, std::string_view value, std::string_view origin) {
  if (value.empty()) {
    return Usage("bad_value", std::string(origin) + " was given an empty value",
                 "give it " + std::string(option.value_name) + " or leave it out");
  }
  if (option.words.empty() || IsOneOf(option.words, value)) return {};
  return Usage("bad_value", std::string(origin) + " does not know the value it was given",
               "use one of " + std::string(option.words));
}

Status RefuseSecrets(const std::vector<std::string>& args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto kind = LooksLikeSecret(args[i]);
    if (!kind) continue;
    return Usage("secret_in_arguments",
                 "argument " + std::to_string(i + 1) + " looks like " + std::string(*kind) +
                     ": every user of this machine can see arguments, and shells keep them",
                 "treat it as exposed: revoke it and make a new one; then use --env-file FILE, or "
                 "standard input with --token-stdin or `tokenwarden submit NAME`");
  }
  return {};
}

class Run {
 public:
  explicit Run(const std::vector<std::string>& args) : args_(args) {}

  Result<ParsedArgs> All() {
    for (; at_ < args_.size(); ++at_) {
      const Status status = One(args_[at_]);
      if (!status) return tl::unexpected<Error>(status.error());
    }
    return std::move(parsed_);
  }

 private:
  Status One(const std::string& word) {
    if (!only_operands_ && word == "--") {
      only_operands_ = true;
      return {};
    }
    if (!only_operands_ && word.size() > 1 && word[0] == '-') return Flag(word);
    return Operand(word);
  }

  Status Flag(std::string_view word) {
    const std::size_t equals = word.substr(0, 2) == "--" ? word.find('=') : word.npos;
    const std::string_view flag = word.substr(0, equals);
    const OptionSpec* option = FindOption(parsed_.command, flag);
    if (option == nullptr) return UnknownOption(parsed_.command, flag);
    if (option->value_name.empty()) return Switch(*option, equals != word.npos);
    if (equals != word.npos) return Assign(*option, std::string(word.substr(equals + 1)));
    if (at_ + 1 == args_.size()) {
      return Usage("missing_value", std::string(option->name) + " has no value",
                   "write " + std::string(option->name) + " " + std::string(option->value_name));
    }
    return Assign(*option, args_[++at_]);
  }

  Status Switch(const OptionSpec& option, bool has_value) {
    if (has_value) {
      return Usage("unexpected_value", std::string(option.name) + " takes no value",
                   "leave out what follows the `=`");
    }
    parsed_.Set(option, "", option.name);
    return {};
  }

  Status Assign(const OptionSpec& option, std::string value) {
    const Status checked = CheckValue(option, value, option.name);
    if (checked) parsed_.Set(option, std::move(value), option.name);
    return checked;
  }

  Status Operand(const std::string& word) {
    if (parsed_.command == nullptr) {
      parsed_.command = FindCommand(word);
      if (parsed_.command == nullptr) return UnknownCommand(word);
      return {};
    }
    if (parsed_.operands.size() == parsed_.command->max_operands) {
      return Usage("extra_operand",
                   "argument " + std::to_string(at_ + 1) + " was not expected by `" +
                       std::string(parsed_.command->name) + "` (it is not repeated here)",
                   "see `" + Seen(parsed_.command) + "`");
    }
    parsed_.operands.push_back(word);
    return {};
  }

  const std::vector<std::string>& args_;
  std::size_t at_ = 0;
  bool only_operands_ = false;
  ParsedArgs parsed_;
};

Status FillFrom(std::span<const OptionSpec> options, const Environment& environment,
                ParsedArgs& parsed) {
  for (const OptionSpec& option : options) {
    if (option.environment.empty() || parsed.Has(option.name)) continue;
    std::optional<std::string> value = environment(option.environment);
    if (!value || value->empty()) continue;
    const Status checked = CheckValue(option, *value, option.environment);
    if (!checked) return checked;
    parsed.Set(option, std::move(*value), option.environment);
  }
  return {};
}

Status RequireOperands(const ParsedArgs& parsed) {
  const CommandSpec& command = *parsed.command;
  if (parsed.Has("--help") || parsed.operands.size() >= command.min_operands) return {};
  return Usage("missing_operand",
               "`" + std::string(command.name) + "` needs " + std::string(command.operands),
               "write `tokenwarden " + std::string(command.name) + " " +
                   std::string(command.operands) + "`");
}

}  // namespace

std::optional<std::string> ParsedArgs::Value(std::string_view option) const {
  const auto found = options_.find(option);
  if (found == options_.end()) return std::nullopt;
  return found->second.values.back();
}

std::vector<std::string> ParsedArgs::Values(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>{} : found->second.values;
}

std::string_view ParsedArgs::OriginOf(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? option : found->second.origin;
}

void ParsedArgs::Set(const OptionSpec& option, std::string value, std::string_view origin) {
  Given& given = options_[option.name];
  given.values.push_back(std::move(value));
  given.origin = origin;
}

Result<ParsedArgs> ParseArgs(const std::vector<std::string>& args, const Environment& environment) {
  // First of all: no later message may name an argument before this has looked at it.
  const Status harmless = RefuseSecrets(args);
  if (!harmless) return tl::unexpected<Error>(harmless.error());
  Result<ParsedArgs> parsed = Run(args).All();
  if (!parsed) return parsed;
  Status status = FillFrom(CommonOptions(), environment, *parsed);
  if (status && parsed->command != nullptr) {
    status = FillFrom(parsed->command->options, environment, *parsed);
    if (status) status = RequireOperands(*parsed);
  }
  if (!status) return tl::unexpected<Error>(status.error());
  return parsed;
}

bool WantsJson(const std::vector<std::string>& args, const Environment& environment) {
  std::optional<std::string> format = environment("TOKENWARDEN_FORMAT");
  for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
    if (args[i] == "--format" && i + 1 < args.size()) format = args[i + 1];
    if (args[i].rfind("--format=", 0) == 0) format = args[i].substr(9);
  }
  return format == "json";
}

const CommandSpec* GuessCommand(const std::vector<std::string>& args) {
  for (const std::string& word : args) {
    if (const CommandSpec* command = FindCommand(word)) return command;
  }
  return nullptr;
}

}  // namespace tokenwarden::cli
