// Spec: what the configuration wants. Plain validated data; holds references to secrets, never
// values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/time.h"

namespace tokenwarden {

// Where a secret of ours (an app secret, a key) is found: `{env: X}`, `{file: P}`, …
struct SecretRef {
  enum class Kind { kEnv, kFile, kDotenv, kVault, kKubernetes };
  Kind kind = Kind::kEnv;
  std::string locator;  // variable name, file path, vault path, `namespace/name`
  std::string key;      // inside a dotenv file, a Vault secret or a Kubernetes Secret

  bool operator==(const SecretRef&) const = default;
};
// `env FACEBOOK_APP_SECRET`, `file /run/key`, `vault secret/x#y`: for messages.
std::string Describe(const SecretRef& ref);

enum class MetaKind { kAny, kUser, kSystemUser, kPage, kApp };
std::string_view ToString(MetaKind kind);
std::optional<MetaKind> ParseMetaKind(std::string_view word);

// The Meta issuer's part of a credential. Facts: Graph API access tokens.
struct MetaSpec {
  std::string app_id;
  std::optional<SecretRef> app_secret;
  MetaKind kind = MetaKind::kAny;
  std::string endpoint;     // base URL without version; empty = the public one
  std::string api_version;  // `v25.0`; empty = the built-in default
  std::vector<std::string> required_scopes;
  std::string user_id;          // expected principal, optional
  std::string phone_number_id;  // assets to be proven, optional
  std::string business_account_id;
  // Renewal by generation (system users): who may generate, with what token.
  std::string generate_system_user_id;
  std::optional<SecretRef> generate_token;
  std::vector<std::string> generate_scopes;
  // Renewal by re-derivation (pages): the page, and the parent user's or system user's token.
  std::string page_id;
  std::optional<SecretRef> parent_token;
  bool send_appsecret_time = false;  // the time-stamped form of appsecret_proof
  std::string ca_file;               // private CA; empty = the system's

  bool operator==(const MetaSpec&) const = default;
};

enum class SourceKind { kEnv, kDotenv, kFile, kVault, kKubernetes };
std::string_view ToString(SourceKind kind);
struct SourceSpec {
  SourceKind kind = SourceKind::kDotenv;
  std::string path;  // file path; variable name for env
  std::string key;   // dotenv key; empty for raw files

  bool operator==(const SourceSpec&) const = default;
};
std::string Describe(const SourceSpec& source);  // `.env#WHATSAPP_ACCESS_TOKEN`

enum class Drift { kRepair, kAdopt, kAlarm };
std::string_view ToString(Drift drift);
std::optional<Drift> ParseDrift(std::string_view word);

enum class SinkKind { kDotenv, kFile, kVault, kKubernetes };
std::string_view ToString(SinkKind kind);
std::optional<SinkKind> ParseSinkKind(std::string_view word);

enum class FileFormat { kRaw, kJson };

struct SinkSpec {
  SinkKind kind = SinkKind::kDotenv;
  std::string path;
  std::string key;
  std::optional<unsigned> mode;  // file sinks: permission bits of a new file; absent = 0600
  FileFormat format = FileFormat::kRaw;
  Drift drift = Drift::kRepair;
  Seconds verify_every{0};  // 0 = inspect.every

  // What an operator would type: `.env#WHATSAPP_ACCESS_TOKEN`, `/run/token`.
  std::string Target() const;
  bool operator==(const SinkSpec&) const = default;
};

enum class NotifyKind { kExec, kSignal, kHttp };
std::string_view ToString(NotifyKind kind);

struct NotifySpec {
  NotifyKind kind = NotifyKind::kExec;
  std::vector<std::string> command;  // exec: argv, no shell
  std::string pid_file;              // signal
  std::string signal = "HUP";        // signal: name without SIG
  std::string process;               // signal: expected program name; empty = any but it must exist
  std::string url;                   // http: POST, no value in it
  Seconds timeout{10};

  std::string Target() const;
  bool operator==(const NotifySpec&) const = default;
};

struct RenewSpec {
  bool enabled = true;
  std::optional<Seconds> before;   // renew when this much is left
  std::optional<Seconds> max_age;  // renew when the value is this old, even if it never expires
  bool operator==(const RenewSpec&) const = default;
};

struct CredentialSpec {
  std::string name;
  std::string tenant;  // empty = none
  std::map<std::string, std::string> labels;
  MetaSpec meta;
  std::optional<SourceSpec> source;
  RenewSpec renew;
  Seconds inspect_every{15 * 60};
  // How long a generation must have been published everywhere before the one before it is wiped;
  // until then a rollback is possible.
  Seconds settle{kDay};
  std::vector<SinkSpec> sinks;
  std::vector<NotifySpec> notify;

  std::string_view provider() const { return "meta"; }
  bool operator==(const CredentialSpec&) const = default;
};

enum class LogFormat { kText, kJson };

// The whole configuration of an agent.
struct Config {
  std::string state_path = "/var/lib/tokenwarden/state.db";
  std::optional<SecretRef> state_key;
  std::string http_listen = "127.0.0.1:9464";                      // empty = off
  std::string grpc_listen = "unix:///run/tokenwarden/agent.sock";  // empty = off
  LogFormat log_format = LogFormat::kJson;
  int issuer_parallel = 8;  // requests in flight per issuer and app
  Seconds request_timeout{10};
  std::string ca_file;
  std::vector<CredentialSpec> credentials;

  bool operator==(const Config&) const = default;
};

}  // namespace tokenwarden
