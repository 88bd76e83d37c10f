#include <iterator>
#include <sstream>

#include "cli/commands/commands.h"
#include "cli/commands/config_targets.h"
#include "cli/render/json_writer.h"

namespace tokenwarden::cli {
namespace {

std::vector<std::string> Words(const std::string& text) {
  std::istringstream from(text);
  return {std::istream_iterator<std::string>(from), {}};
}

std::string TextOf(const RekeyResult& done) {
  std::string text = done.was_done ? "the state was sealed under this key already"
                                   : "sealed " + std::to_string(done.resealed) +
                                         " stored values under another key";
  text += ": " + done.key_file + "\n";
  if (!done.old_key_file.empty()) {
    text += "the old key is kept in " + done.old_key_file +
            ": it opens backups that were made before; remove it when those are gone\n";
  } else {
    text += "set state.key to {file: " + done.key_file +
            "} before the agent is started; keep the old key as long as older backups\n";
  }
  for (const std::string& place : done.damaged) {
    text += "could not be opened with the old key either, and stays as it is: " + place + "\n";
  }
  return text;
}

std::string JsonOf(const RekeyResult& done) {
  JsonWriter json;
  return json.BeginObject()
      .String("schema", "tokenwarden.rekey/v1")
      .Number("exit_code", 0)
      .Bool("was_done", done.was_done)
      .Number("resealed", static_cast<std::int64_t>(done.resealed))
      .String("key_file", done.key_file)
      .StringOrNull("old_key_file", done.old_key_file)
      .Strings("damaged", done.damaged)
      .EndObject()
      .Take();
}

}  // namespace

Outcome RunRekey(const Context& context) {
  const std::optional<std::string> path = context.args.Value("--config");
  if (!path) {
    return Failed(Error{ErrorKind::kInvalidArgument, "no_config",
                        "rekey needs to know the agent's state and its key",
                        "name the configuration: tokenwarden rekey --config FILE"},
                  context.json);
  }
  Result<Config> config = ReadConfig(*path, context.services);
  if (!config) return Failed(config.error(), context.json);
  if (const auto command = context.args.Value("--key-command")) {
    config->state_key_command = Words(*command);
  }
  const RekeyRequest request{*config, DirectoryOf(*path),
                             context.args.Value("--new-key").value_or("")};
  const Result<RekeyResult> done = context.services.Rekey(request);
  if (!done) return Failed(done.error(), context.json);
  return Answer(context, TextOf(*done), JsonOf(*done));
}

}  // namespace tokenwarden::cli
