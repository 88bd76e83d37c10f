#include "cli/args/completion.h"

#include "cli/commands/commands.h"
#include "cli/render/json_writer.h"

namespace tokenwarden::cli {

Outcome RunCompletion(const Context& context) {
  const std::string& shell = context.args.operands.front();
  const std::optional<std::string> script = CompletionFor(shell);
  if (!script) {
    return Failed(Error{ErrorKind::kInvalidArgument, "unknown_shell",
                        "there is no completion for this shell", "known are bash, zsh and fish"},
                  context.json);
  }
  JsonWriter json;
  json.BeginObject()
      .String("schema", "tokenwarden.completion/v1")
      .Number("exit_code", 0)
      .String("script", *script)
      .EndObject();
  return Answer(context, *script, json.Take());
}

}  // namespace tokenwarden::cli
