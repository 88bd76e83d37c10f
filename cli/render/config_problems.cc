#include "cli/render/config_problems.h"

#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

std::string Place(const ConfigProblem& problem) {
  std::string place = problem.file;
  if (problem.line > 0) place += ":" + std::to_string(problem.line);
  if (problem.line > 0 && problem.column > 0) place += ":" + std::to_string(problem.column);
  return place;
}

std::optional<std::int64_t> Positive(int number) {
  return number > 0 ? std::optional<std::int64_t>(number) : std::nullopt;
}

}  // namespace

std::string RenderProblemsText(const std::vector<ConfigProblem>& problems) {
  std::string text;
  for (const ConfigProblem& problem : problems) {
    text += OneLine(Place(problem) + ": " + problem.message) + "\n";
    if (!problem.suggestion.empty()) text += "      do now: " + OneLine(problem.suggestion) + "\n";
  }
  return text;
}

std::string RenderProblemsJson(const std::string& file, const ConfigRead& read, int exit_code) {
  JsonWriter json;
  json.BeginObject()
      .String("schema", "tokenwarden.validate/v1")
      .Number("exit_code", exit_code)
      .String("file", file)
      .Bool("valid", read.config.has_value())
      .NumberOrNull("credentials",
                    read.config ? std::optional<std::int64_t>(
                                      static_cast<std::int64_t>(read.config->credentials.size()))
                                : std::nullopt)
      .BeginArray("problems");
  for (const ConfigProblem& problem : read.problems) {
    json.BeginObject()
        .String("file", problem.file)
        .NumberOrNull("line", Positive(problem.line))
        .NumberOrNull("column", Positive(problem.column))
        .String("message", problem.message)
        .StringOrNull("suggestion", problem.suggestion)
        .EndObject();
  }
  return json.EndArray().EndObject().Take();
}

}  // namespace tokenwarden::cli
