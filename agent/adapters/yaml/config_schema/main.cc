// tokenwarden-config-schema: prints the JSON Schema that is kept in docs/config.schema.json.
#include <iostream>

#include "agent/adapters/yaml/schema.h"

int main() {
  std::cout << tokenwarden::yaml::ConfigSchema() << std::flush;
  return std::cout ? 0 : 1;
}
