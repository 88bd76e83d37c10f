// What a running agent knows, for `status`, `refresh`, `submit` and `explain`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/agent_api.h"

namespace tokenwarden::cli {

// One line per token, then what is wrong with it; the number of tokens last.
std::string RenderStatusText(const std::vector<TokenView>& tokens, Instant now);
// `tokenwarden.status/v1`.
std::string RenderStatusJson(const std::vector<TokenView>& tokens, Instant now);

// Where the latest rotation stands and why, what happens next, and every step so far.
std::string RenderRotationText(const Explanation& explanation, Instant now);
// `tokenwarden.rotation/v1`.
std::string RenderRotationJson(const Explanation& explanation, Instant now);

// After a change: `renewed` or `accepted`, and the token as it is now.
std::string RenderChangeText(std::string_view what, const TokenView& token, Instant now);
// `tokenwarden.token/v1`.
std::string RenderTokenJson(const TokenView& token, Instant now);

// The decision and how every rule of the policy answered.
std::string RenderExplanationText(const Explanation& explanation, Instant now);
// `tokenwarden.explain/v1`.
std::string RenderExplanationJson(const Explanation& explanation, Instant now);

}  // namespace tokenwarden::cli
