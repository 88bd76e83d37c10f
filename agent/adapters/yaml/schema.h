// The JSON Schema of the configuration, for editors, made from the same tables as the check.
#pragma once

#include <string>

namespace tokenwarden::yaml {

// Draft 2020-12, indented, with a newline at the end.
std::string ConfigSchema();

}  // namespace tokenwarden::yaml
