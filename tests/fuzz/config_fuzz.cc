// The configuration file: any bytes give a configuration or problems with places, never both.
#include "agent/adapters/yaml/config_loader.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  const yaml::LoadedConfig loaded = yaml::ParseConfig(text, "agent.yaml");
  fuzz::Require(loaded.config.has_value() == loaded.problems.empty(),
                "problems or a configuration");
  for (const yaml::ConfigProblem& problem : loaded.problems) {
    fuzz::Require(!problem.message.empty(), "a problem says what is wrong");
    fuzz::Require(problem.line >= 0 && problem.column >= 0, "a place is a place");
    // Names that are not known are repeated, and the input may use the word as one.
    const bool as_name = fuzz::Holds(text, "SECRETfuzz:") || !fuzz::Holds(text, ": fuzzSECRETfuzz");
    fuzz::Require(as_name || !fuzz::Holds(problem.ToText(), "fuzzSECRETfuzz"),
                  "no value is repeated");
  }
  return 0;
}
