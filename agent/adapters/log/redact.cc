#include "agent/adapters/log/redact.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace tokenwarden::log {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool IsWord(char c) { return IsAlnum(c) || c == '_'; }
bool IsTokenChar(char c) {
  return IsWord(c) || c == '-' || c == '.' || c == '+' || c == '/' || c == '=' || c == '%' ||
         c == '~';
}

std::size_t RunLength(std::string_view text, bool (*belongs)(char)) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) -
                                  text.begin());
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  return std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) {
    return a == std::tolower(static_cast<unsigned char>(b));
  });
}

// Each matcher looks at the beginning of `text`: how many bytes to keep, and how many to blot out
// after them.
struct Match {
  std::size_t keep = 0;
  std::size_t blot = 0;
};

// EA[A-Z] and twenty or more letters and digits.
Match GraphToken(std::string_view text) {
  if (text.size() < 23 || text[0] != 'E' || text[1] != 'A' || text[2] < 'A' || text[2] > 'Z')
    return {};
  const std::size_t length = RunLength(text, IsAlnum);
  return length < 23 ? Match{} : Match{0, length};
}

// Fifteen or sixteen digits, `|` or `%7C`, twenty or more of [A-Za-z0-9_-].
Match AppToken(std::string_view text) {
  const std::size_t digits = RunLength(text, IsDigit);
  if (digits < 15 || digits > 16) return {};
  std::string_view rest = text.substr(digits);
  std::size_t bar = 0;
  if (!rest.empty() && rest[0] == '|') bar = 1;
  if (StartsWithIgnoringCase(rest, "%7c")) bar = 3;
  if (bar == 0) return {};
  const std::size_t secret =
      RunLength(rest.substr(bar), [](char c) { return IsWord(c) || c == '-'; });
  return secret < 20 ? Match{} : Match{digits + bar, secret};
}

constexpr std::string_view kSchemes[] = {"bearer ", "oauth "};

Match BearerToken(std::string_view text) {
  for (const std::string_view scheme : kSchemes) {
    if (!StartsWithIgnoringCase(text, scheme)) continue;
    const std::size_t value = RunLength(text.substr(scheme.size()), IsTokenChar);
    // Shorter ones are words of a sentence: `bearer token`.
    if (value >= 16) return {scheme.size(), value};
  }
  return {};
}

constexpr std::string_view kSecretParameters[] = {
    "access_token",     "input_token",   "fb_exchange_token", "revoke_token",    "refresh_token",
    "id_token",         "client_secret", "app_secret",        "appsecret_proof", "verify_token",
    "client_assertion", "code_verifier", "password",          "assertion"};

bool EndsValue(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '&' || c == '"' || c == '\'' ||
         c == ',' || c == ';' || c == '}' || c == ')' || c == ']' || c == '<' || c == '>' ||
         c == '\\';
}

// `name=value`, `name: value`, `"name":"value"`; the name is kept.
Match SecretParameter(std::string_view text) {
  for (const std::string_view name : kSecretParameters) {
    if (!StartsWithIgnoringCase(text, name)) continue;
    std::size_t at = name.size();
    const auto skip = [&](std::string_view set) {
      while (at < text.size() && set.find(text[at]) != std::string_view::npos) ++at;
    };
    skip("\\\"'");
    const std::size_t before = at;
    skip(" ");
    if (at >= text.size() || (text[at] != '=' && text[at] != ':')) continue;
    // A sentence such as `access_token: not found` has words there, a leak has none with a blank
    // before `=`.
    if (text[at] == ':' && at != before) continue;
    ++at;
    skip(" \\\"'");
    const std::size_t value = RunLength(text.substr(at), [](char c) { return !EndsValue(c); });
    if (value > 0) return {at, value};
  }
  return {};
}

constexpr Match (*kMatchers[])(std::string_view) = {GraphToken, AppToken, BearerToken,
                                                    SecretParameter};

// A word may begin before the token: `\nEAA…` where a line break was escaped. The others begin with
// a word of their own.
Match FirstMatch(std::string_view text, bool inside_word) {
  if (inside_word) return GraphToken(text);
  for (const auto matcher : kMatchers) {
    if (const Match match = matcher(text); match.blot > 0) return match;
  }
  return {};
}

}  // namespace

std::string Redact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool inside_word = false;
  while (!text.empty()) {
    const Match match = FirstMatch(text, inside_word);
    if (match.blot > 0) {
      out.append(text.substr(0, match.keep)).append(kBlot);
      text.remove_prefix(match.keep + match.blot);
      inside_word = false;
      continue;
    }
    inside_word = IsAlnum(text.front());
    out.push_back(text.front());
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace tokenwarden::log
