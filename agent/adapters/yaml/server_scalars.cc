#include "agent/adapters/yaml/server_scalars.h"

#include <algorithm>

namespace tokenwarden::yaml {
namespace {

bool IsLowerOrDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }
bool IsAlnum(char c) { return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z'); }

template <typename Test>
bool All(std::string_view text, Test test) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

// Source: Vault answers with an error or a redirect to what is not canonical, and to a last dot.
bool IsPathSegment(std::string_view segment) {
  const auto fits = [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '#' && c != '?' && c != 0x7F;
  };
  return All(segment, fits) && segment.back() != '.';
}

// At least `least` parts between single slashes.
bool IsPath(std::string_view path, int least) {
  int segments = 0;
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!IsPathSegment(path.substr(0, slash))) return false;
    ++segments;
    if (slash == std::string_view::npos) return segments >= least;
    path.remove_prefix(slash + 1);
  }
}

// Source: Kubernetes, names and IDs: DNS label and DNS subdomain names of RFC 1123.
bool IsLabel(std::string_view text) {
  return All(text, [](char c) { return IsLowerOrDigit(c) || c == '-'; }) && text.size() <= 63 &&
         IsLowerOrDigit(text.front()) && IsLowerOrDigit(text.back());
}
bool IsSubdomain(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    const bool good = All(label, [](char c) { return IsLowerOrDigit(c) || c == '-'; }) &&
                      IsLowerOrDigit(label.front()) && IsLowerOrDigit(label.back());
    if (!good) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}
bool IsSecretKey(std::string_view text) {
  const auto fits = [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; };
  return All(text, fits) && text.size() <= 253 && text != "." && text.substr(0, 2) != "..";
}

}  // namespace

std::pair<std::string_view, std::string_view> SplitPlace(std::string_view place) {
  const std::size_t mark = place.find('#');
  if (mark == std::string_view::npos) return {place, {}};
  return {place.substr(0, mark), place.substr(mark + 1)};
}

std::optional<Wrong> CheckVaultPath(const Key&, const Node& scalar) {
  if (IsPath(scalar.text, 2)) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not a path in Vault",
               "as after `vault kv put`: MOUNT/NAME, for example secret/whatsapp"};
}

std::optional<Wrong> CheckVaultPlace(const Key&, const Node& scalar) {
  const auto [path, key] = SplitPlace(scalar.text);
  if (IsPath(path, 2) && !key.empty()) return std::nullopt;
  return Wrong{Shown(scalar.text) + " does not say which key of which secret in Vault",
               "write PATH#KEY, for example secret/whatsapp#access_token"};
}

std::optional<Wrong> CheckVaultMount(const Key&, const Node& scalar) {
  constexpr std::string_view kAuth = "auth/";
  const std::string_view mount = scalar.text;
  const bool with_auth = mount.substr(0, kAuth.size()) == kAuth;
  if (IsPath(mount, 1) && !with_auth) return std::nullopt;
  return Wrong{
      Shown(mount) + " is not the name of a mount",
      with_auth ? "leave out auth/" : "write it without slashes at its ends, for example approle"};
}

std::optional<Wrong> CheckObjectName(const Key&, const Node& scalar) {
  if (IsSubdomain(scalar.text)) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not a name in Kubernetes",
               "use small letters, digits, '-' and '.', a letter or digit first and last"};
}

std::optional<Wrong> CheckNamespace(const Key&, const Node& scalar) {
  if (IsLabel(scalar.text)) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not a namespace in Kubernetes",
               "use small letters, digits and '-', at most 63, a letter or digit first and last"};
}

std::optional<Wrong> CheckSecretKey(const Key&, const Node& scalar) {
  if (IsSecretKey(scalar.text)) return std::nullopt;
  return Wrong{Shown(scalar.text) + " is not a key of a Secret",
               "use letters, digits, '-', '_' and '.', at most 253"};
}

std::optional<Wrong> CheckSecretPlace(const Key&, const Node& scalar) {
  const auto [place, key] = SplitPlace(scalar.text);
  const std::size_t slash = place.find('/');
  const bool named = slash == std::string_view::npos
                         ? IsSubdomain(place)
                         : IsLabel(place.substr(0, slash)) && IsSubdomain(place.substr(slash + 1));
  if (named && IsSecretKey(key)) return std::nullopt;
  return Wrong{Shown(scalar.text) + " does not say which key of which Secret",
               "write NAMESPACE/NAME#KEY, for example default/whatsapp-token#access_token"};
}

}  // namespace tokenwarden::yaml
