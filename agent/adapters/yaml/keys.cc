#include "agent/adapters/yaml/keys.h"

#include "agent/adapters/yaml/server_keys.h"

namespace tokenwarden::yaml {
namespace {

const Table& FileKeyTable() {
  static const Table table{
      "file_key",
      {{"path", Form::kText, "the file", true}, {"key", Form::kText, "the key in it", true}}};
  return table;
}

const Table& StateKeyTable() {
  static const Table table = [] {
    Table with_transit = SecretTable();
    with_transit.name = "state_key";
    with_transit.keys.push_back({"transit", Form::kBlock, "a key wrapped by Vault's transit engine",
                                 false, &TransitKeyTable()});
    with_transit.keys.push_back(
        {"command", Form::kTexts, "a program and its arguments that prints the key; no shell"});
    return with_transit;
  }();
  return table;
}

const Table& StateTable() {
  static const Table table{
      "state",
      {
          {"path", Form::kText, "the state file; default /var/lib/tokenwarden/state.db"},
          {"key", Form::kSecret, "32 bytes that seal what is stored: raw, hex or base64", false,
           &StateKeyTable()},
          {"allow_ephemeral_state", Form::kText,
           "why a disk that does not outlive the process will do; without it such a disk is "
           "refused"},
          {"vault", Form::kBlock, "keep the state in Vault", false, &VaultStateTable()},
          {"kubernetes", Form::kBlock, "keep the state in a Kubernetes Secret", false,
           &KubernetesStateTable()},
      }};
  return table;
}

const Table& ListenTable(Form form) {
  static const Table http{
      "http", {{"listen", Form::kHttpListen, "HOST:PORT, or off; default 127.0.0.1:9464", true}}};
  static const Table grpc{
      "grpc",
      {{"listen", Form::kGrpcListen,
        "unix:///PATH, or off; default unix:///run/tokenwarden/agent.sock", true}}};
  return form == Form::kHttpListen ? http : grpc;
}

const Table& LogTable() {
  static const Table table{"log",
                           {{"format",
                             Form::kWord,
                             "form of a log line; default json",
                             true,
                             nullptr,
                             {"text", "json"}}}};
  return table;
}

const Table& TlsTable() {
  static const Table table{
      "tls", {{"ca_file", Form::kText, "certificates to trust in place of the system's", true}}};
  return table;
}

const Table& LimitsTable() {
  static const Table table{"limits",
                           {
                               {"issuer_parallel",
                                Form::kNumber,
                                "requests in flight per issuer and app; default 8",
                                false,
                                nullptr,
                                {},
                                1,
                                256},
                               {"request_timeout",
                                Form::kDuration,
                                "for one whole request; default 10s",
                                false,
                                nullptr,
                                {},
                                1,
                                300},
                           }};
  return table;
}

const Table& RequireTable() {
  static const Table table{
      "require",
      {
          {"scopes", Form::kTexts, "permissions the token must have"},
          {"phone_number_id", Form::kId, "WhatsApp phone number the token must be able to read"},
          {"business_account_id", Form::kId, "WhatsApp business account it must be able to read"},
          {"canary", Form::kText,
           "a path of the Graph API, such as /me, that a new value must be able to read"},
      }};
  return table;
}

const Table& GenerateTable() {
  static const Table table{
      "generate",
      {
          {"system_user_id", Form::kId, "the system user whose token is generated", true},
          {"token", Form::kSecret, "a token that may generate it", true},
          {"scopes", Form::kTexts, "permissions to ask for; default require.scopes"},
      }};
  return table;
}

const Table& PageTable() {
  static const Table table{"page",
                           {
                               {"id", Form::kId, "the page", true},
                               {"parent_token", Form::kSecret,
                                "the user's or system user's token it is derived from", true},
                           }};
  return table;
}

const Table& MetaTable() {
  static const Table table{
      "meta",
      {
          {"app_id", Form::kId, "the app the token must belong to"},
          {"app_secret", Form::kSecret, "the app's secret"},
          {"kind",
           Form::kWord,
           "kind of token expected; default any",
           false,
           nullptr,
           {"any", "user", "system_user", "page", "app"}},
          {"endpoint", Form::kUrl, "base URL in place of https://graph.facebook.com"},
          {"api_version", Form::kVersion, "version of the Graph API, for example v25.0"},
          {"user_id", Form::kId, "the user the token must belong to"},
          {"require", Form::kBlock, "what the token must be able to do", false, &RequireTable()},
          {"generate", Form::kBlock, "renew a system user's token by generating one", false,
           &GenerateTable()},
          {"page", Form::kBlock, "renew a page token from its parent token", false, &PageTable()},
          {"appsecret_time", Form::kSwitch, "send the time-stamped form of appsecret_proof"},
      }};
  return table;
}

const Table& DefaultsMetaTable() {
  static const Table table{"defaults_meta",
                           {
                               {"app_id", Form::kId, "for credentials without their own"},
                               {"app_secret", Form::kSecret, "for credentials without their own"},
                               {"endpoint", Form::kUrl, "for credentials without their own"},
                               {"api_version", Form::kVersion, "for credentials without their own"},
                           }};
  return table;
}

const Table& RenewTable() {
  static const Table table{
      "renew",
      {
          {"enabled", Form::kSwitch, "false: only watch; default true"},
          {"before", Form::kDuration, "renew when this much is left", false, nullptr, {}, 1},
          {"max_age", Form::kDuration, "renew when the value is this old", false, nullptr, {}, 1},
          {"revoke_old", Form::kSwitch,
           "revoke the old value at the issuer once the new one has settled; default false"},
      }};
  return table;
}

const Table& EveryTable() {
  static const Table table{
      "every",
      {{"every", Form::kDuration, "time between two looks; default 15m", true, nullptr, {}, 1}}};
  return table;
}

const Table& DefaultsTable() {
  static const Table table{
      "defaults",
      {
          {"meta", Form::kBlock, "the same keys as meta of a credential", false,
           &DefaultsMetaTable()},
          {"inspect", Form::kBlock, "how often to ask the issuer", false, &EveryTable()},
          {"renew", Form::kBlock, "when to renew", false, &RenewTable()},
      }};
  return table;
}

const Table& SourceFileTable() {
  static const Table table{"source_file", {{"path", Form::kText, "the file", true}}, "path"};
  return table;
}

const Table& SourceTable() {
  static const Table table{
      "source",
      {
          {"env", Form::kText, "an environment variable"},
          {"dotenv", Form::kBlock, "a key in a .env file", false, &FileKeyTable()},
          {"file", Form::kBlock, "a file that holds nothing else", false, &SourceFileTable()},
          {"vault", Form::kBlock, "a key of a secret in Vault", false, &VaultSourceTable()},
          {"kubernetes", Form::kBlock, "a key of a Kubernetes Secret", false,
           &KubernetesSecretTable()},
      }};
  return table;
}

const Table& DotenvSinkTable() {
  static const Table table{
      "dotenv_sink",
      {
          {"path", Form::kText, "the .env file; every other byte of it stays", true},
          {"key", Form::kText, "the key whose value is replaced", true},
          DriftKey(),
      }};
  return table;
}

const Table& FileSinkTable() {
  static const Table table{"file_sink",
                           {
                               {"path", Form::kText, "the file", true},
                               {"mode", Form::kMode, "permission bits of a new file; default 0600"},
                               {"format",
                                Form::kWord,
                                "the value alone, or JSON; default raw",
                                false,
                                nullptr,
                                {"raw", "json"}},
                               DriftKey(),
                           },
                           "path"};
  return table;
}

const Table& SinkTable() {
  static const Table table{
      "sink",
      {
          {"dotenv", Form::kBlock, "a key in a .env file", false, &DotenvSinkTable()},
          {"file", Form::kBlock, "a file of its own", false, &FileSinkTable()},
          {"vault", Form::kBlock, "a key of a secret in Vault", false, &VaultSinkTable()},
          {"kubernetes", Form::kBlock, "a key of a Kubernetes Secret", false,
           &KubernetesSinkTable()},
          {"webhook", Form::kLater, "a signed POST"},
          {"stream", Form::kLater, "a gRPC stream"},
      }};
  return table;
}

const Table& ExecTable() {
  static const Table table{
      "exec",
      {
          {"command", Form::kTexts, "program and arguments; no shell, and never a value", true},
          {"timeout",
           Form::kDuration,
           "after this it is stopped; default 10s",
           false,
           nullptr,
           {},
           1,
           600},
      }};
  return table;
}

const Table& SignalTable() {
  static const Table table{"signal",
                           {
                               {"pid_file", Form::kText, "file with the process id", true},
                               {"signal", Form::kSignal, "HUP, USR1, …; default HUP"},
                               {"process", Form::kText, "program name that the process must have"},
                           }};
  return table;
}

const Table& HttpNoticeTable() {
  static const Table table{"http_notice",
                           {
                               {"url", Form::kUrl, "where to POST; no value is sent", true},
                               {"timeout",
                                Form::kDuration,
                                "for the whole request; default 10s",
                                false,
                                nullptr,
                                {},
                                1,
                                300},
                           }};
  return table;
}

const Table& NotifyTable() {
  static const Table table{
      "notify",
      {
          {"exec", Form::kBlock, "run a program", false, &ExecTable()},
          {"signal", Form::kBlock, "send a signal", false, &SignalTable()},
          {"http", Form::kBlock, "send a request", false, &HttpNoticeTable()},
          {"kubernetes_rollout", Form::kBlock, "restart a workload", false, &RolloutTable()},
      }};
  return table;
}

const Table& CredentialTable() {
  static const Table table{
      "credential",
      {
          {"name", Form::kName, "unique; shown in metrics and status", true},
          {"tenant", Form::kName, "whose it is; shown in metrics, selects in status"},
          {"labels", Form::kNames, "free labels, to select by"},
          {"meta", Form::kBlock, "the issuer and what is expected of the token", true,
           &MetaTable()},
          {"source", Form::kOneOf, "where the first value is found", false, &SourceTable()},
          {"renew", Form::kBlock, "when to renew", false, &RenewTable()},
          {"inspect", Form::kBlock, "how often to ask the issuer", false, &EveryTable()},
          {"verify", Form::kBlock, "how often to read the sinks back; default inspect", false,
           &EveryTable()},
          {"settle", Form::kDuration,
           "how long a value must be everywhere before the old one goes"},
          {"sinks", Form::kOneOfs, "where the value is published", false, &SinkTable()},
          {"notify", Form::kOneOfs, "who is told after a publish", false, &NotifyTable()},
      }};
  return table;
}

}  // namespace

const Key* Table::Find(std::string_view key) const {
  for (const Key& row : keys) {
    if (row.name == key) return &row;
  }
  return nullptr;
}

const Table& SecretTable() {
  static const Table table{
      "secret",
      {
          {"env", Form::kText, "an environment variable"},
          {"file", Form::kText, "a file that holds nothing else"},
          {"dotenv", Form::kBlock, "a key in a .env file", false, &FileKeyTable()},
          {"vault", Form::kBlock, "PATH#KEY in Vault", false, &VaultSecretTable()},
          {"kubernetes", Form::kBlock, "NAMESPACE/NAME#KEY of a Kubernetes Secret", false,
           &KubernetesSecretTable()},
      }};
  return table;
}

const Table& RootTable() {
  static const Table table{
      "config",
      {
          {"version", Form::kNumber, "of this format: 1", true, nullptr, {}, 1, 1},
          {"state", Form::kBlock, "what the agent remembers", false, &StateTable()},
          {"http", Form::kBlock, "metrics and probes", false, &ListenTable(Form::kHttpListen)},
          {"grpc", Form::kBlock, "the API", false, &ListenTable(Form::kGrpcListen)},
          {"log", Form::kBlock, "log lines", false, &LogTable()},
          {"tls", Form::kBlock, "trust", false, &TlsTable()},
          {"limits", Form::kBlock, "how hard issuers may be asked", false, &LimitsTable()},
          {"defaults", Form::kBlock, "for all credentials", false, &DefaultsTable()},
          {"credentials", Form::kBlocks, "the tokens to keep alive", true, &CredentialTable()},
          {"vault", Form::kBlock, "how to reach Vault", false, &VaultTable()},
          {"kubernetes", Form::kBlock, "how to reach Kubernetes", false, &KubernetesTable()},
          {"coordination", Form::kBlock, "sharing work between replicas", false,
           &CoordinationTable()},
          {"identity", Form::kName, "name of this replica; default POD_NAME, then the host name"},
      }};
  return table;
}

}  // namespace tokenwarden::yaml
