// A small validator: the part of JSON Schema 2020-12 that docs/check.schema.json uses. Beyond the
// standard it also refuses fields that the schema does not describe: whatever we print is
// documented.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tokenwarden::cli {

// One line per violation, empty when the document conforms.
std::vector<std::string> SchemaViolations(const nlohmann::json& document,
                                          const nlohmann::json& schema);

// docs/check.schema.json.
nlohmann::json CheckSchema();

}  // namespace tokenwarden::cli
