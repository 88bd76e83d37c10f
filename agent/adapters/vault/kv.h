// Kv: secrets of the key-value engine, version 1 or 2, by the path that a person types after
// `vault kv put`. Which mount and version that is, is asked once. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "agent/adapters/vault/json.h"
#include "agent/adapters/vault/session.h"

namespace tokenwarden::vault {

struct Mount {
  std::string path;  // `secret/`
  int version = 2;
};

struct KvSecret {
  bool exists = false;   // false: never written, deleted or destroyed
  bool deleted = false;  // its newest version was deleted or destroyed
  Json data = Json::object();
  std::int64_t version = 0;                     // what check-and-set compares; 0 = never written
  std::map<std::string, std::string> metadata;  // custom_metadata

  // The text at a key; nullopt when there is none or it is no text.
  std::optional<Secret> At(const std::string& key) const;
};

class Kv {
 public:
  explicit Kv(Session& session) : session_(session) {}

  Result<Mount> MountOf(const std::string& path);
  // A path that holds nothing is no error.
  Result<KvSecret> Read(const std::string& path);
  // Version 2: kAborted `conflict` when the newest version is not `cas`. Version 1: written as it
  // is. What the secret is now; without its data.
  Result<KvSecret> Write(const std::string& path, const Json& data, std::int64_t cas);
  // Version 2: merges into custom_metadata.
  Status MergeMetadata(const std::string& path, const Json& custom_metadata);
  // Version 2: how many versions are kept.
  Status KeepVersions(const std::string& path, int versions);

 private:
  // `secret/data/whatsapp` for `data`; `secret/whatsapp` for version 1.
  static std::string ApiPath(const Mount& mount, const std::string& path, const std::string& part);
  void Forget(const std::string& path);

  Session& session_;
  std::mutex mutex_;
  std::map<std::string, Mount> mounts_;  // by path as typed
};

}  // namespace tokenwarden::vault
