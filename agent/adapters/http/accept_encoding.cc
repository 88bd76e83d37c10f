#include "agent/adapters/http/accept_encoding.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace tokenwarden::http {
namespace {

// Lower case, without blanks.
std::string Squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return out;
}

// `q=0`, `q=0.0`, … are zero; anything else is not.
bool HasZeroWeight(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  std::string_view weight = parameters.substr(at + 2);
  weight = weight.substr(0, weight.find(';'));
  return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  const std::string all = Squeezed(accept_encoding);
  std::string_view rest = all;
  std::optional<bool> gzip, any;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view name = item.substr(0, semicolon);
    const bool wanted = !HasZeroWeight(item.substr(semicolon));
    if (name == "gzip" || name == "x-gzip") gzip = wanted;
    if (name == "*") any = wanted;
  }
  return gzip.value_or(any.value_or(false));
}

}  // namespace tokenwarden::http
