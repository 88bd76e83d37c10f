#include "agent/adapters/yaml/scalars.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "agent/adapters/yaml/nearest.h"
#include "agent/adapters/yaml/server_scalars.h"
#include "agent/core/time.h"

namespace tokenwarden::yaml {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <typename Test>
bool All(std::string_view text, Test test) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

std::optional<std::int64_t> Number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !All(text, IsDigit)) {
    return std::nullopt;
  }
  return number;
}

std::string Words(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::optional<Wrong> CheckName(const Key&, const Node& scalar) {
  const auto fits = [](char c) { return IsAlnum(c) || c == '.' || c == '_' || c == '-'; };
  const bool good =
      All(scalar.text, fits) && IsAlnum(scalar.text.front()) && scalar.text.size() <= 128;
  if (good) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not a name",
               "use letters, digits, '.', '_' and '-', at most 128, a letter or digit first"};
}

std::optional<Wrong> CheckId(const Key&, const Node& scalar) {
  if (All(scalar.text, IsDigit) && scalar.text.size() <= 32) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not an id",
               "an id has digits only, for example \"100000000000001\""};
}

std::optional<Wrong> CheckNumber(const Key& key, const Node& scalar) {
  const std::optional<std::int64_t> number = Number(scalar.text);
  const bool octal = scalar.text.size() > 1 && scalar.text.front() == '0';
  if (number && !octal && *number >= key.least && *number <= key.most) return std::nullopt;
  const std::string range = key.least == key.most
                                ? "the only known number is " + std::to_string(key.least)
                                : "use a whole number from " + std::to_string(key.least) + " to " +
                                      std::to_string(key.most);
  return Wrong{Shown(scalar.text) + " is not possible here", range};
}

std::optional<Wrong> CheckSwitch(const Key&, const Node& scalar) {
  if (!scalar.quoted && (scalar.text == "true" || scalar.text == "false")) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is neither true nor false",
               "write true or false, without quotes"};
}

std::optional<Wrong> CheckDuration(const Key& key, const Node& scalar) {
  const Result<Seconds> duration = ParseDuration(scalar.text);
  if (!duration) return Wrong{Shown(scalar.text) + " is not a duration", duration.error().action};
  if (duration->count() < key.least) {
    return Wrong{Shown(scalar.text) + " is too short",
                 "at least " + FormatDuration(Seconds{key.least})};
  }
  if (key.most != 0 && duration->count() > key.most) {
    return Wrong{Shown(scalar.text) + " is too long",
                 "at most " + FormatDuration(Seconds{key.most})};
  }
  return std::nullopt;
}

std::optional<Wrong> CheckMode(const Key&, const Node& scalar) {
  const bool octal = (scalar.text.size() == 3 || scalar.text.size() == 4) &&
                     All(scalar.text, [](char c) { return c >= '0' && c <= '7'; }) &&
                     (scalar.text.size() == 3 || scalar.text.front() == '0');
  if (!octal) return Wrong{Shown(scalar.text) + " is not a file mode", "for example 0600"};
  const char others = scalar.text.back();
  if (((others - '0') & 2) == 0) return std::nullopt;
  return Wrong{Shown(scalar.text) + " would let every user replace the value",
               "for example 0600 or 0640"};
}

std::optional<Wrong> CheckVersion(const Key&, const Node& scalar) {
  const std::string_view text = scalar.text;
  const std::size_t dot = text.find('.');
  const bool good = text.size() <= 8 && !text.empty() && text.front() == 'v' &&
                    dot != std::string_view::npos && All(text.substr(1, dot - 1), IsDigit) &&
                    All(text.substr(dot + 1), IsDigit);
  if (good) return std::nullopt;
  return Wrong{Shown(text) + " is not a version of the Graph API", "for example v25.0"};
}

std::optional<Wrong> CheckWord(const Key& key, const Node& scalar) {
  if (std::find(key.words.begin(), key.words.end(), scalar.text) != key.words.end()) {
    return std::nullopt;
  }
  const auto nearest = Nearest(scalar.text, key.words);
  return Wrong{Shown(scalar.text) + " is not one of " + Words(key.words),
               nearest ? "did you mean " + std::string(*nearest) + "?" : ""};
}

std::optional<Wrong> CheckSignal(const Key&, const Node& scalar) {
  // KILL and STOP cannot be handled, so they cannot mean "read the new value".
  static const std::vector<std::string_view> kSignals{"HUP", "USR1", "USR2", "TERM",
                                                      "INT", "QUIT", "CONT", "WINCH"};
  std::string_view name = scalar.text;
  if (name.substr(0, 3) == "SIG") name.remove_prefix(3);
  if (std::find(kSignals.begin(), kSignals.end(), name) != kSignals.end()) return std::nullopt;
  const auto nearest = Nearest(name, kSignals);
  return Wrong{
      Shown(scalar.text) + " is not a signal that can be sent here",
      nearest ? "did you mean " + std::string(*nearest) + "?" : "use one of " + Words(kSignals)};
}

std::optional<Wrong> CheckUrl(const Key&, const Node& scalar) {
  constexpr std::string_view kSecure = "https://", kPlain = "http://";
  const std::string_view url = scalar.text;
  const bool secure = url.substr(0, kSecure.size()) == kSecure;
  const bool plain = url.substr(0, kPlain.size()) == kPlain;
  if (!secure && !plain) {
    return Wrong{"this is not an address", "write https://HOST/…, or http://127.0.0.1:PORT/…"};
  }
  std::string_view authority = url.substr(secure ? kSecure.size() : kPlain.size());
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) {
    return Wrong{"the address holds a user name or a password", "remove what stands before the @"};
  }
  std::string_view host = authority;
  if (!host.empty() && host.front() == '[') {
    host = host.substr(0, host.find(']') + 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (host.empty()) return Wrong{"the address has no host", "write https://HOST/…"};
  const bool here = host == "localhost" || host == "[::1]" || host.substr(0, 4) == "127.";
  if (secure || here) return std::nullopt;
  return Wrong{"plain http is used to this machine only",
               "write https://" + std::string(host) + "…"};
}

std::optional<Wrong> CheckHttpListen(const Key&, const Node& scalar) {
  if (IsOff(scalar.text)) return std::nullopt;
  const std::size_t colon = scalar.text.rfind(':');
  const bool parted = colon != std::string::npos && colon != 0;
  const auto port = parted ? Number(std::string_view(scalar.text).substr(colon + 1)) : std::nullopt;
  if (port && *port <= 65535) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not HOST:PORT", "for example 127.0.0.1:9464, or off"};
}

std::optional<Wrong> CheckGrpcListen(const Key&, const Node& scalar) {
  constexpr std::string_view kUnix = "unix:";
  const std::string_view text = scalar.text;
  if (IsOff(text)) return std::nullopt;
  if (text.substr(0, kUnix.size()) != kUnix) {
    return Wrong{Shown(text) + " is not a Unix socket, and this version serves no other",
                 "for example unix:///run/tokenwarden/agent.sock, or off"};
  }
  constexpr std::size_t kLongestPath = 107;  // Source: unix(7), sun_path
  const std::string_view path = text.substr(kUnix.size());
  const std::size_t slashes = path.substr(0, 2) == "//" ? 2 : 0;
  if (path.size() > slashes && path.size() - slashes <= kLongestPath) return std::nullopt;
  return Wrong{"the path of the socket is empty or longer than 107 bytes",
               "for example unix:///run/tokenwarden/agent.sock"};
}

struct Row {
  Form form;
  std::optional<Wrong> (*check)(const Key&, const Node&);
};
constexpr Row kChecks[] = {
    {Form::kName, CheckName},
    {Form::kId, CheckId},
    {Form::kNumber, CheckNumber},
    {Form::kSwitch, CheckSwitch},
    {Form::kDuration, CheckDuration},
    {Form::kMode, CheckMode},
    {Form::kVersion, CheckVersion},
    {Form::kWord, CheckWord},
    {Form::kSignal, CheckSignal},
    {Form::kUrl, CheckUrl},
    {Form::kHttpListen, CheckHttpListen},
    {Form::kGrpcListen, CheckGrpcListen},
    {Form::kVaultPath, CheckVaultPath},
    {Form::kVaultPlace, CheckVaultPlace},
    {Form::kVaultMount, CheckVaultMount},
    {Form::kObjectName, CheckObjectName},
    {Form::kNamespace, CheckNamespace},
    {Form::kSecretKey, CheckSecretKey},
    {Form::kSecretPlace, CheckSecretPlace},
};

// A long run of letters and digits right after a known beginning.
bool HasTokenAfter(std::string_view text, std::string_view beginning, std::size_t length) {
  for (std::size_t at = text.find(beginning); at != std::string_view::npos;
       at = text.find(beginning, at + 1)) {
    const std::string_view rest = text.substr(at + beginning.size());
    const auto end = std::find_if_not(rest.begin(), rest.end(),
                                      [](char c) { return IsAlnum(c) || c == '_' || c == '-'; });
    if (static_cast<std::size_t>(end - rest.begin()) >= length) return true;
  }
  return false;
}

bool IsAppToken(std::string_view text) {
  const std::size_t bar = text.find('|');
  return bar != std::string_view::npos && bar >= 5 && All(text.substr(0, bar), IsDigit) &&
         text.size() - bar > 16;
}

}  // namespace

std::optional<Wrong> CheckScalar(const Key& key, const Node& scalar) {
  const bool may_be_empty = key.form == Form::kHttpListen || key.form == Form::kGrpcListen;
  if (scalar.text.empty() && !may_be_empty) return Wrong{"the value is empty", ""};
  for (const Row& row : kChecks) {
    if (row.form == key.form) return row.check(key, scalar);
  }
  return std::nullopt;
}

bool LooksLikeSecret(std::string_view text) {
  struct Beginning {
    std::string_view text;
    std::size_t length;
  };
  // Meta, JWT, GitHub, GitLab, Vault, Slack. Source: the issuers' pages on token formats.
  constexpr Beginning kBeginnings[] = {
      {"EAA", 20},         {"eyJ", 30},    {"ghp_", 30}, {"ghs_", 30}, {"gho_", 30},
      {"github_pat_", 30}, {"glpat-", 16}, {"hvs.", 20}, {"hvb.", 20}, {"xoxb-", 20}};
  for (const Beginning& beginning : kBeginnings) {
    if (HasTokenAfter(text, beginning.text, beginning.length)) return true;
  }
  // A Meta app secret is 32 hex digits.
  return IsAppToken(text) || (text.size() == 32 && All(text, IsHex) && !All(text, IsDigit));
}

std::string Shown(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  if (LooksLikeSecret(text) || text.size() > kLongest) return "the value";
  std::string shown = "\"";
  for (char c : text) shown += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return shown + "\"";
}

}  // namespace tokenwarden::yaml
