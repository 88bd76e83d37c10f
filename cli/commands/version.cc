#include "agent/core/version.h"

#include "cli/commands/commands.h"
#include "cli/render/json_writer.h"

namespace tokenwarden::cli {

Outcome RunVersion(const Context& context) {
  JsonWriter json;
  json.BeginObject()
      .String("schema", "tokenwarden.version/v1")
      .String("version", kVersion)
      .Number("exit_code", 0)
      .EndObject();
  return Answer(context, "tokenwarden " + std::string(kVersion) + "\n", json.Take());
}

}  // namespace tokenwarden::cli
