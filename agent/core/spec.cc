#include "agent/core/spec.h"

#include "agent/core/hash.h"
#include "agent/core/words.h"

namespace tokenwarden {
namespace {

constexpr Word<SecretRef::Kind> kSecretRefKinds[] = {
    {SecretRef::Kind::kEnv, "env"},
    {SecretRef::Kind::kFile, "file"},
    {SecretRef::Kind::kDotenv, "dotenv"},
    {SecretRef::Kind::kVault, "vault"},
    {SecretRef::Kind::kKubernetes, "kubernetes"},
};

constexpr Word<MetaKind> kMetaKinds[] = {
    {MetaKind::kAny, "any"},   {MetaKind::kUser, "user"}, {MetaKind::kSystemUser, "system_user"},
    {MetaKind::kPage, "page"}, {MetaKind::kApp, "app"},
};

constexpr Word<SourceKind> kSourceKinds[] = {
    {SourceKind::kEnv, "env"},
    {SourceKind::kDotenv, "dotenv"},
    {SourceKind::kFile, "file"},
    {SourceKind::kVault, "vault"},
    {SourceKind::kKubernetes, "kubernetes"},
};

constexpr Word<Drift> kDrifts[] = {
    {Drift::kRepair, "repair"},
    {Drift::kAdopt, "adopt"},
    {Drift::kAlarm, "alarm"},
};

constexpr Word<SinkKind> kSinkKinds[] = {
    {SinkKind::kDotenv, "dotenv"},
    {SinkKind::kFile, "file"},
    {SinkKind::kVault, "vault"},
    {SinkKind::kKubernetes, "kubernetes"},
};

constexpr Word<NotifyKind> kNotifyKinds[] = {
    {NotifyKind::kExec, "exec"},
    {NotifyKind::kSignal, "signal"},
    {NotifyKind::kHttp, "http"},
    {NotifyKind::kKubernetesRollout, "kubernetes_rollout"},
};

constexpr Word<VaultAuthSpec::Kind> kVaultAuthKinds[] = {
    {VaultAuthSpec::Kind::kDefault, "default"},
    {VaultAuthSpec::Kind::kToken, "token"},
    {VaultAuthSpec::Kind::kTokenFile, "token_file"},
    {VaultAuthSpec::Kind::kAppRole, "approle"},
    {VaultAuthSpec::Kind::kKubernetes, "kubernetes"},
    {VaultAuthSpec::Kind::kJwt, "jwt"},
    {VaultAuthSpec::Kind::kCert, "cert"},
};

std::string WithKey(const std::string& place, const std::string& key) {
  return key.empty() ? place : place + "#" + key;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

// Without user information and query, which may hold what must not be shown. What was left out
// still tells two targets apart, by a digest of the whole address.
std::string PublicUrl(const std::string& url) {
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme_end = shown.find("://");
  const std::size_t host = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const std::size_t host_end = shown.find('/', host);
  const std::size_t at = shown.rfind('@', host_end);
  if (at != std::string::npos && at >= host) shown.erase(host, at + 1 - host);
  return shown == url ? shown : shown + "~" + HexOf(static_cast<std::uint32_t>(Fnv1a(url)));
}

}  // namespace

std::string Describe(const SecretRef& ref) {
  return std::string(WordFor(kSecretRefKinds, ref.kind)) + " " + WithKey(ref.locator, ref.key);
}

std::optional<SecretRef::Kind> ParseSecretRefKind(std::string_view word) {
  return ValueFor(kSecretRefKinds, word);
}

std::string_view ToString(VaultAuthSpec::Kind kind) { return WordFor(kVaultAuthKinds, kind); }
std::optional<VaultAuthSpec::Kind> ParseVaultAuthKind(std::string_view word) {
  return ValueFor(kVaultAuthKinds, word);
}

std::string_view ToString(MetaKind kind) { return WordFor(kMetaKinds, kind); }
std::optional<MetaKind> ParseMetaKind(std::string_view word) { return ValueFor(kMetaKinds, word); }

std::string_view ToString(SourceKind kind) { return WordFor(kSourceKinds, kind); }
std::optional<SourceKind> ParseSourceKind(std::string_view word) {
  return ValueFor(kSourceKinds, word);
}

std::string Describe(const SourceSpec& source) {
  const std::string place = WithKey(source.path, source.key);
  return source.kind == SourceKind::kEnv ? "env " + place : place;
}

std::string_view ToString(Drift drift) { return WordFor(kDrifts, drift); }
std::optional<Drift> ParseDrift(std::string_view word) { return ValueFor(kDrifts, word); }

std::string_view ToString(SinkKind kind) { return WordFor(kSinkKinds, kind); }
std::optional<SinkKind> ParseSinkKind(std::string_view word) { return ValueFor(kSinkKinds, word); }

std::string SinkSpec::Target() const { return WithKey(path, key); }

std::string_view ToString(NotifyKind kind) { return WordFor(kNotifyKinds, kind); }
std::optional<NotifyKind> ParseNotifyKind(std::string_view word) {
  return ValueFor(kNotifyKinds, word);
}

std::string NotifySpec::Target() const {
  switch (kind) {
    case NotifyKind::kExec:
      return "exec " + Joined(command);
    case NotifyKind::kSignal:
      return "signal " + signal + " " + pid_file;
    case NotifyKind::kHttp:
      return "http " + PublicUrl(url);
    case NotifyKind::kKubernetesRollout:
      return "kubernetes_rollout " + workload;
  }
  return "unknown";
}

}  // namespace tokenwarden
