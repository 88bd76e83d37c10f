#include "cli/args/token_like.h"

#include <algorithm>
#include <cstddef>

namespace tokenwarden::cli {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Lengths below which a match would be chance, from the tokens that Graph hands out: they start
// with EAA and have about 100 to 300 characters; a cut one is still a secret in part.
constexpr std::size_t kGraphTokenLength = 30;
constexpr std::size_t kAppIdLength = 10;
constexpr std::size_t kAppTokenTail = 20;
constexpr std::size_t kAppSecretLength = 32;

std::size_t RunOf(std::string_view text, bool (*belongs)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), belongs);
  return static_cast<std::size_t>(end - text.begin());
}

// Anywhere in the argument: people also paste `Bearer EAA…` and quoted values.
bool HoldsGraphToken(std::string_view text) {
  for (std::size_t at = text.find("EAA"); at != text.npos; at = text.find("EAA", at + 3)) {
    if (RunOf(text.substr(at), IsAlnum) >= kGraphTokenLength) return true;
  }
  return false;
}

bool IsAppToken(std::string_view text) {
  const std::size_t digits = RunOf(text, IsDigit);
  return digits >= kAppIdLength && text.size() > digits + kAppTokenTail && text[digits] == '|';
}

bool IsAppSecret(std::string_view text) {
  return text.size() == kAppSecretLength && RunOf(text, IsHex) == text.size();
}

bool IsJsonWebToken(std::string_view text) {
  return text.size() > kGraphTokenLength && text.substr(0, 3) == "eyJ" &&
         std::count(text.begin(), text.end(), '.') == 2;
}

std::optional<std::string_view> NameOf(std::string_view text) {
  if (HoldsGraphToken(text)) return "a Graph access token";
  if (IsAppToken(text)) return "an app access token";
  if (IsAppSecret(text)) return "an app secret";
  if (IsJsonWebToken(text)) return "a signed token (JWT)";
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> LooksLikeSecret(std::string_view argument) {
  if (const auto name = NameOf(argument)) return name;
  const std::size_t equals = argument.find('=');
  return equals == argument.npos ? std::nullopt : NameOf(argument.substr(equals + 1));
}

}  // namespace tokenwarden::cli
