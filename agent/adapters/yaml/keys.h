// Every key of the configuration, in tables: they drive the strict check and the JSON Schema alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tokenwarden::yaml {

struct Table;

// What may stand behind a key.
enum class Form {
  kText,      // a scalar that is not empty
  kName,      // letters, digits, `.`, `_`, `-`: shown in metrics, files and addresses
  kId,        // digits, quoted or not; kept as written
  kNumber,    // a whole number from `least` to `most`
  kSwitch,    // true or false
  kDuration,  // 90s, 15m, 14d, …: at least `least` seconds
  kMode,      // permission bits in octal
  kVersion,   // v25.0
  kWord,      // one of `words`
  kSignal,    // the name of a signal
  kUrl,       // https://…, or http:// to this machine
  kHttpListen,
  kGrpcListen,
  kVaultPath,    // MOUNT/NAME
  kVaultPlace,   // PATH#KEY
  kVaultMount,   // approle
  kObjectName,   // of a Secret, a Lease, a Deployment
  kNamespace,    // of Kubernetes
  kSecretKey,    // in a Kubernetes Secret
  kSecretPlace,  // NAMESPACE/NAME#KEY, the namespace may be missing
  kTexts,        // a list of texts
  kNames,        // a map of names to texts
  kBlock,        // a map with the keys of `table`
  kBlocks,       // a list of such maps
  kOneOf,        // a map with exactly one of the keys of `table`
  kOneOfs,       // a list of such maps
  kSecret,  // a reference to a secret, of the kinds in `table` or SecretTable(); never the secret
  kLater,   // known, but this version does not serve it
};

struct Key {
  std::string_view name;
  Form form;
  std::string_view about;  // one line, for editors
  bool required = false;
  const Table* table = nullptr;
  std::vector<std::string_view> words = {};
  std::int64_t least = 0;
  std::int64_t most = 0;
};

struct Table {
  std::string_view name;  // of the definition in the JSON Schema
  std::vector<Key> keys;
  std::string_view shorthand = {};  // a scalar in place of the map stands for this key
  std::optional<Form> scalar = {};  // a scalar in place of the map says all that is required

  const Key* Find(std::string_view key) const;
};

const Table& RootTable();
const Table& SecretTable();

}  // namespace tokenwarden::yaml
