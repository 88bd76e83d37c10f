#include "cli/commands/commands.h"

namespace tokenwarden::cli {
namespace {

struct Entry {
  std::string_view name;
  Outcome (*run)(const Context&);
};

constexpr Entry kEntries[] = {
    {"check", RunCheck},     {"status", RunStatus},         {"refresh", RunRefresh},
    {"submit", RunSubmit},   {"rollback", RunRollback},     {"sync", RunSync},
    {"explain", RunExplain}, {"validate", RunValidate},     {"keygen", RunKeygen},
    {"rekey", RunRekey},     {"completion", RunCompletion}, {"version", RunVersion},
    {"help", RunHelp},
};

const Entry& EntryNamed(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry;
  }
  return EntryNamed("help");
}

const Entry& EntryFor(const ParsedArgs& args) {
  if (args.Has("--help")) return EntryNamed("help");
  if (args.command != nullptr) return EntryNamed(args.command->name);
  return EntryNamed(args.Has("--version") ? "version" : "help");
}

bool IsCheck(const std::vector<std::string>& args) {
  const CommandSpec* command = GuessCommand(args);
  return command != nullptr && command->name == "check";
}

bool IsSet(const std::optional<std::string>& value) { return value && !value->empty(); }

Error NoCommand() {
  return Error{ErrorKind::kInvalidArgument, "no_command", "no command was named",
               "start with `tokenwarden check --env-file .env`, or see `tokenwarden help`"};
}

Colour ColourFor(const ParsedArgs& args, Services& services) {
  const bool refused = args.Has("--no-color") || IsSet(services.Environment("NO_COLOR")) ||
                       services.Environment("TERM") == "dumb";
  return !refused && services.OutputIsTerminal() ? Colour::kAlways : Colour::kNever;
}

}  // namespace

Outcome Run(const std::vector<std::string>& args, Services& services) {
  const auto environment = [&](std::string_view name) { return services.Environment(name); };
  const Result<ParsedArgs> parsed = ParseArgs(args, environment);
  if (!parsed) {
    const bool json = WantsJson(args, environment);
    if (IsCheck(args)) return CheckFailed(parsed.error(), json, services.Now());
    return Failed(parsed.error(), json);
  }
  Context context{*parsed, services};
  context.json = parsed->Value("--format") == "json";
  context.quiet = parsed->Has("--quiet");
  context.colour = ColourFor(*parsed, services);
  if (parsed->command == nullptr && !parsed->Has("--help") && !parsed->Has("--version")) {
    return Failed(NoCommand(), context.json);
  }
  return EntryFor(*parsed).run(context);
}

}  // namespace tokenwarden::cli
