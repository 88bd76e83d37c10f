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
std::optional<SecretRef::Kind> ParseSecretRefKind(std::string_view word);

// How to reach Vault, and as whom. Absent references: not configured.
struct VaultAuthSpec {
  enum class Kind { kDefault, kToken, kTokenFile, kAppRole, kKubernetes, kJwt, kCert };
  Kind kind = Kind::kDefault;        // default: VAULT_TOKEN, or the pod's service account
  std::string mount;                 // of the method; empty = its usual name
  std::optional<SecretRef> token;    // token
  std::string token_file;            // token_file: read again when it changes
  std::optional<SecretRef> role_id;  // approle
  std::optional<SecretRef> secret_id;
  std::string role;              // kubernetes, jwt
  std::string jwt_file;          // kubernetes; empty = the pod's own token
  std::optional<SecretRef> jwt;  // jwt
  std::string name;              // cert: role, optional
  std::string cert_file;
  std::string key_file;
  bool wrapped = false;  // `token` or `secret_id` is a response-wrapping token, unwrapped once

  bool operator==(const VaultAuthSpec&) const = default;
};
std::string_view ToString(VaultAuthSpec::Kind kind);
std::optional<VaultAuthSpec::Kind> ParseVaultAuthKind(std::string_view word);

struct VaultSpec {
  std::string address;          // empty = VAULT_ADDR
  std::string ca_file;          // empty = VAULT_CACERT, then the system's
  std::string vault_namespace;  // empty = VAULT_NAMESPACE
  VaultAuthSpec auth;

  bool operator==(const VaultSpec&) const = default;
};

// How to reach Kubernetes. All empty: the pod's service account, else KUBECONFIG.
struct KubernetesSpec {
  std::string kubeconfig;
  std::string context;
  std::string default_namespace;  // empty = the pod's or the context's own

  bool operator==(const KubernetesSpec&) const = default;
};

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
  // A path of the Graph API that a new value must be able to read before it is taken; empty = none.
  std::string canary;
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
std::optional<SourceKind> ParseSourceKind(std::string_view word);
struct SourceSpec {
  SourceKind kind = SourceKind::kDotenv;
  std::string path;  // file path; variable name for env; Vault path; `namespace/name` of a Secret
  std::string key;   // inside a dotenv file, a Vault secret or a Secret; empty for raw files
  std::optional<VaultAuthSpec> vault_auth;  // in place of the one for all

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
  std::string path;  // as SourceSpec::path
  std::string key;
  std::optional<unsigned> mode;  // file sinks: permission bits of a new file; absent = 0600
  FileFormat format = FileFormat::kRaw;
  Drift drift = Drift::kRepair;
  Seconds verify_every{0};                  // 0 = inspect.every
  std::optional<VaultAuthSpec> vault_auth;  // in place of the one for all
  bool markers = true;  // Vault KV v1: keep generation, fingerprint and epoch as keys of the secret

  // What an operator would type: `.env#WHATSAPP_ACCESS_TOKEN`, `/run/token`.
  std::string Target() const;
  bool operator==(const SinkSpec&) const = default;
};

enum class NotifyKind { kExec, kSignal, kHttp, kKubernetesRollout };
std::string_view ToString(NotifyKind kind);
std::optional<NotifyKind> ParseNotifyKind(std::string_view word);

struct NotifySpec {
  NotifyKind kind = NotifyKind::kExec;
  std::vector<std::string> command;  // exec: argv, no shell
  std::string pid_file;              // signal
  std::string signal = "HUP";        // signal: name without SIG
  std::string process;               // signal: expected program name; empty = any but it must exist
  std::string url;                   // http: POST, no value in it
  Seconds timeout{10};
  std::string workload;      // kubernetes_rollout: `namespace/deployment/name`
  Seconds min_interval{60};  // kubernetes_rollout: no second one of it within this time

  std::string Target() const;
  bool operator==(const NotifySpec&) const = default;
};

struct RenewSpec {
  bool enabled = true;
  std::optional<Seconds> before;   // renew when this much is left
  std::optional<Seconds> max_age;  // renew when the value is this old, even if it never expires
  bool revoke_old = false;  // revoke the old value at the issuer once the new one has settled
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

// Where the agent's memory is kept.
enum class StateKind { kSqlite, kVault, kKubernetes };

// A state key wrapped by Vault's transit engine.
struct TransitKeySpec {
  std::string mount = "transit";
  std::string key;           // name of the transit key
  std::string wrapped_file;  // the wrapped state key, made on first use; empty = beside the state

  bool operator==(const TransitKeySpec&) const = default;
};

// Replicas that share the credentials by Kubernetes Leases, `NAME-0 … NAME-(shards-1)`.
struct LeaseSpec {
  std::string lease_namespace;  // empty = kubernetes.default_namespace
  std::string name;
  int shards = 1;
  Seconds duration{15};

  bool operator==(const LeaseSpec&) const = default;
};

// The whole configuration of an agent.
struct Config {
  StateKind state_kind = StateKind::kSqlite;
  std::string state_path =
      "/var/lib/tokenwarden/state.db";  // vault: prefix; kubernetes: `namespace/secret`
  std::optional<SecretRef> state_key;
  std::optional<TransitKeySpec> state_transit_key;
  std::vector<std::string>
      state_key_command;              // a program that prints the key; wins over the others
  std::string allow_ephemeral_state;  // why a disk that does not outlive the process will do
  VaultSpec vault;
  KubernetesSpec kubernetes;
  std::optional<LeaseSpec> lease;
  std::string identity;  // of this replica; empty = POD_NAME, then the host name
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
