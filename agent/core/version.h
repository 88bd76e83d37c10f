// The version of both programs; the same as the build's (a test compares them).
#pragma once

#include <string_view>

namespace tokenwarden {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tokenwarden
