#include "cli/commands/commands.h"
#include "cli/render/json_writer.h"

namespace tokenwarden::cli {

Outcome RunKeygen(const Context& context) {
  const std::string& path = context.args.operands.front();
  const Status written = context.services.WriteNewKey(path);
  if (!written) {
    Outcome outcome = Failed(written.error(), context.json);
    // An existing key is no failed gate: it is a wrong use of this command.
    if (written.error().kind == ErrorKind::kFailedPrecondition)
      outcome.exit_code = ExitCode::kUsage;
    return outcome;
  }
  JsonWriter json;
  json.BeginObject()
      .String("schema", "tokenwarden.keygen/v1")
      .Number("exit_code", 0)
      .String("file", path)
      .EndObject();
  return Answer(
      context,
      "wrote a new key to " + path +
          " (mode 0600). Keep a copy in a safe place: without it the stored tokens cannot "
          "be read.\n",
      json.Take());
}

}  // namespace tokenwarden::cli
