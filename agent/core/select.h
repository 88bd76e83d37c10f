// Selector: which credentials are meant. `whatsapp`, `tenant=acme`, `label.team=bots`, joined by
// commas: all must match. A value may hold `*` for any run of characters.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/core/result.h"
#include "agent/core/spec.h"

namespace tokenwarden {

// Empty fields select everything.
struct TokenSelector {
  std::string name;
  std::string tenant;
  std::map<std::string, std::string> labels;

  bool Matches(const CredentialSpec& spec) const;
};

// `*` matches any run of characters, everything else itself; the whole text must match. Takes time
// linear in pattern times text.
bool MatchesGlob(std::string_view pattern, std::string_view text);

// An empty text selects everything. kInvalidArgument `bad_selector` names the part and the accepted
// forms.
Result<TokenSelector> ParseSelector(std::string_view text);

}  // namespace tokenwarden
