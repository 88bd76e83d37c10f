#include "agent/core/select.h"

#include <algorithm>
#include <utility>

namespace tokenwarden {
namespace {

constexpr std::string_view kLabelPrefix = "label.";

tl::unexpected<Error> BadSelector(std::string_view part, const std::string& what) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_selector",
                   "the selector `" + std::string(part) + "` " + what,
                   "write a name, tenant=X or label.KEY=VALUE, joined by commas; * is anything");
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Where the value of `key` goes, or nullptr for a key that does not exist.
std::string* FieldFor(TokenSelector& selector, std::string_view key) {
  if (key == "name") return &selector.name;
  if (key == "tenant") return &selector.tenant;
  if (key.size() > kLabelPrefix.size() && key.substr(0, kLabelPrefix.size()) == kLabelPrefix) {
    return &selector.labels[std::string(key.substr(kLabelPrefix.size()))];
  }
  return nullptr;
}

Status AddPart(TokenSelector& selector, std::string_view part) {
  const std::size_t equals = part.find('=');
  const bool is_name = equals == std::string_view::npos;
  const std::string_view key = is_name ? "name" : Trimmed(part.substr(0, equals));
  const std::string_view value = is_name ? part : Trimmed(part.substr(equals + 1));
  std::string* field = FieldFor(selector, key);
  if (field == nullptr) {
    return BadSelector(part, "selects by something that credentials do not have");
  }
  if (value.empty()) return BadSelector(part, "has no value");
  if (!field->empty()) return BadSelector(part, "repeats what another part selects");
  *field = std::string(value);
  return {};
}

}  // namespace

bool MatchesGlob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last star seen
  std::size_t resume = 0;                     // where the text went on after it
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool TokenSelector::Matches(const CredentialSpec& spec) const {
  if (!name.empty() && !MatchesGlob(name, spec.name)) return false;
  if (!tenant.empty() && !MatchesGlob(tenant, spec.tenant)) return false;
  for (const auto& wanted : labels) {
    const auto found = spec.labels.find(wanted.first);
    if (found == spec.labels.end() || !MatchesGlob(wanted.second, found->second)) return false;
  }
  return true;
}

Result<TokenSelector> ParseSelector(std::string_view text) {
  TokenSelector selector;
  if (Trimmed(text).empty()) return selector;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view part = Trimmed(text.substr(start, comma - start));
    if (part.empty()) return BadSelector(text, "has an empty part");
    if (Status added = AddPart(selector, part); !added) {
      return tl::unexpected<Error>(std::move(added.error()));
    }
    start = comma + 1;
  }
  return selector;
}

}  // namespace tokenwarden
