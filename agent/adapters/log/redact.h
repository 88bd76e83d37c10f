// Redact: the last line of defence before a line is written. Everything before it already keeps
// values out.
#pragma once

#include <string>
#include <string_view>

namespace tokenwarden::log {

inline constexpr std::string_view kBlot = "REDACTED";

// Blots out what looks like a Graph API token, an app token (`APP_ID|SECRET`), a bearer token, or
// the value of a parameter that carries a secret (`access_token=…`, `"client_secret": "…"`).
std::string Redact(std::string_view text);

}  // namespace tokenwarden::log
