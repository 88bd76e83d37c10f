#include "cli/commands/commands.h"
#include "cli/commands/config_targets.h"
#include "cli/render/config_problems.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {

Outcome RunValidate(const Context& context) {
  const std::string& path = context.args.operands.front();
  const Status readable = CheckReadable(path);
  if (!readable) return Failed(readable.error(), context.json);
  const ConfigRead read = context.services.LoadConfig(path);
  const ExitCode code = read.config ? ExitCode::kPass : ExitCode::kUsage;
  const std::string good =
      read.config
          ? path + ": good, " + Counted(read.config->credentials.size(), "credential") + "\n"
          : "";
  Outcome outcome = Answer(context, good, RenderProblemsJson(path, read, static_cast<int>(code)));
  outcome.exit_code = code;
  outcome.err = RenderProblemsText(read.problems);
  return outcome;
}

}  // namespace tokenwarden::cli
