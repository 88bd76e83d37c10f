#include "agent/adapters/files/file_reader.h"
#include "cli/commands/commands.h"
#include "cli/render/config_problems.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {

Outcome RunValidate(const Context& context) {
  const std::string& path = context.args.operands.front();
  // Read first: a file that may not be read is another exit code than one that is wrong.
  const Result<Secret> readable = files::ReadFile(files::RealFileSystem(), path);
  if (!readable) return Failed(readable.error(), context.json);
  const ConfigRead read = context.services.LoadConfig(path);
  const ExitCode code = read.config ? ExitCode::kPass : ExitCode::kUsage;
  const std::string good =
      read.config ? path + ": good, " + Counted(read.config->credentials.size(), "credential") + "\n"
                  : "";
  Outcome outcome =
      Answer(context, good, RenderProblemsJson(path, read, static_cast<int>(code)));
  outcome.exit_code = code;
  outcome.err = RenderProblemsText(read.problems);
  return outcome;
}

}  // namespace tokenwarden::cli
