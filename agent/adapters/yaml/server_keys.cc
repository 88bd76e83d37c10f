#include "agent/adapters/yaml/server_keys.h"

namespace tokenwarden::yaml {
namespace {

const Key& MountKey() {
  static const Key key{"mount", Form::kVaultMount,
                       "where the method is mounted, when not at its usual name"};
  return key;
}

const Table& AppRoleTable() {
  static const Table table{
      "vault_approle",
      {
          {"role_id", Form::kSecret, "the role's id", true},
          {"secret_id", Form::kSecret, "the role's secret id, where the role wants one"},
          MountKey(),
          {"wrapped", Form::kSwitch, "true: secret_id is a wrapping token, unwrapped once"},
      }};
  return table;
}

const Table& KubernetesAuthTable() {
  static const Table table{
      "vault_kubernetes_auth",
      {
          {"role", Form::kText, "the role in Vault", true},
          MountKey(),
          {"jwt_file", Form::kText, "a service account's token; default the pod's own"},
      }};
  return table;
}

const Table& JwtTable() {
  static const Table table{"vault_jwt",
                           {
                               {"role", Form::kText, "the role in Vault", true},
                               MountKey(),
                               {"jwt", Form::kSecret, "the signed token", true},
                           }};
  return table;
}

const Table& CertTable() {
  static const Table table{"vault_cert",
                           {
                               {"name", Form::kText, "the role in Vault; default any that fits"},
                               {"cert_file", Form::kText, "the client certificate, PEM", true},
                               {"key_file", Form::kText, "its key, PEM", true},
                               MountKey(),
                           }};
  return table;
}

const Table& AuthTable() {
  static const Table table{
      "vault_auth",
      {
          {"token", Form::kSecret, "a token"},
          {"token_file", Form::kText, "a file with a token, read again when it changes"},
          {"approle", Form::kBlock, "an AppRole", false, &AppRoleTable()},
          {"kubernetes", Form::kBlock, "the pod's service account", false, &KubernetesAuthTable()},
          {"jwt", Form::kBlock, "a signed token of another issuer", false, &JwtTable()},
          {"cert", Form::kBlock, "a client certificate", false, &CertTable()},
      }};
  return table;
}

const Key& AuthKey() {
  static const Key key{"auth", Form::kOneOf, "as whom; default the one of the block vault", false,
                       &AuthTable()};
  return key;
}

const Key& VaultPathKey() {
  static const Key key{"path", Form::kVaultPath, "MOUNT/NAME, as after `vault kv put`", true};
  return key;
}

const Key& VaultKeyKey() {
  static const Key key{"key", Form::kText, "the key of the secret", true};
  return key;
}

const Key& NamespaceKey() {
  static const Key key{"namespace", Form::kNamespace, "default the one of the block kubernetes"};
  return key;
}

const Table& LeaseTable() {
  static const Table table{
      "lease",
      {
          NamespaceKey(),
          {"name", Form::kObjectName, "the Leases are NAME-0, NAME-1, …", true},
          {"shards", Form::kNumber, "number of Leases; default 1", false, nullptr, {}, 1, 256},
          {"duration",
           Form::kDuration,
           "after this a silent holder is replaced; default 15s",
           false,
           nullptr,
           {},
           2,
           600},
      }};
  return table;
}

}  // namespace

const Key& DriftKey() {
  static const Key key{"drift", Form::kWord, "what to do about a change by hand; default repair",
                       false,   nullptr,     {"repair", "adopt", "alarm"}};
  return key;
}

const Table& VaultTable() {
  static const Table table{
      "vault",
      {
          {"address", Form::kUrl, "default VAULT_ADDR"},
          {"ca_file", Form::kText, "certificates to trust; default VAULT_CACERT"},
          {"namespace", Form::kText, "of Vault Enterprise or OpenBao; default VAULT_NAMESPACE"},
          {"auth", Form::kOneOf, "as whom; default VAULT_TOKEN", false, &AuthTable()},
      }};
  return table;
}

const Table& KubernetesTable() {
  static const Table table{
      "kubernetes",
      {
          {"kubeconfig", Form::kText, "default the pod's service account, then KUBECONFIG"},
          {"context", Form::kText, "of the kubeconfig; default its current one"},
          {"namespace", Form::kNamespace, "where none is written; default the pod's or context's"},
      }};
  return table;
}

const Table& CoordinationTable() {
  static const Table table{
      "coordination",
      {{"lease", Form::kBlock, "Leases decide who acts on what", true, &LeaseTable()}}};
  return table;
}

const Table& TransitKeyTable() {
  static const Table table{
      "transit_key",
      {
          {"key", Form::kText, "name of the transit key", true},
          {"mount", Form::kVaultMount, "where transit is mounted; default transit"},
          {"wrapped_file", Form::kText,
           "the wrapped state key; made on first use; default beside a state on a server"},
      }};
  return table;
}

const Table& VaultStateTable() {
  static const Table table{
      "vault_state",
      {{"path", Form::kVaultPath, "a prefix in KV v2: one secret for each credential", true}}};
  return table;
}

const Table& KubernetesStateTable() {
  static const Table table{
      "kubernetes_state",
      {
          NamespaceKey(),
          {"secret", Form::kObjectName, "a Secret of its own: one key for each credential", true},
      }};
  return table;
}

const Table& VaultSecretTable() {
  static const Table table{"vault_secret", {VaultPathKey(), VaultKeyKey()}, {}, Form::kVaultPlace};
  return table;
}

const Table& KubernetesSecretTable() {
  static const Table table{"kubernetes_secret",
                           {
                               NamespaceKey(),
                               {"secret", Form::kObjectName, "the Secret", true},
                               {"key", Form::kSecretKey, "the key in it", true},
                           },
                           {},
                           Form::kSecretPlace};
  return table;
}

const Table& VaultSourceTable() {
  static const Table table{
      "vault_source", {VaultPathKey(), VaultKeyKey(), AuthKey()}, {}, Form::kVaultPlace};
  return table;
}

const Table& VaultSinkTable() {
  static const Table table{
      "vault_sink",
      {
          {"path", Form::kVaultPath, "MOUNT/NAME; every other key of the secret stays", true},
          {"key", Form::kText, "the key whose value is replaced", true},
          DriftKey(),
          AuthKey(),
          {"markers", Form::kSwitch, "false: no marker keys in a secret of KV v1; default true"},
      },
      {},
      Form::kVaultPlace};
  return table;
}

const Table& KubernetesSinkTable() {
  static const Table table{
      "kubernetes_sink",
      {
          NamespaceKey(),
          {"secret", Form::kObjectName, "the Secret; every other key of it stays", true},
          {"key", Form::kSecretKey, "the key whose value is replaced", true},
          DriftKey(),
      },
      {},
      Form::kSecretPlace};
  return table;
}

const Table& RolloutTable() {
  static const Table table{"kubernetes_rollout",
                           {
                               {"deployment", Form::kObjectName, "the Deployment to restart"},
                               {"statefulset", Form::kObjectName, "the StatefulSet to restart"},
                               {"daemonset", Form::kObjectName, "the DaemonSet to restart"},
                               NamespaceKey(),
                               {"min_interval",
                                Form::kDuration,
                                "no second restart of it within this; default 1m",
                                false,
                                nullptr,
                                {},
                                1,
                                86400},
                           }};
  return table;
}

}  // namespace tokenwarden::yaml
