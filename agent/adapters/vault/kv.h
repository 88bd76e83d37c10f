// Kv: secrets of the key-value engine, version 1 or 2, by the path that a person types after
// `vault kv put`. Which mount and version that is, is asked once for each mount, and again when an
// answer hints at another. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/vault/json.h"
#include "agent/adapters/vault/session.h"
#include "agent/ports/clock.h"

namespace tokenwarden::vault {

struct Mount {
  std::string path;  // `secret/`
  int version = 2;
  std::chrono::steady_clock::time_point detected_at{};
};

struct KvSecret {
  int engine = 2;            // the version of the engine that it is in
  bool exists = false;       // false: never written, deleted or destroyed
  bool deleted = false;      // its newest version was deleted or destroyed
  WipedJson data;            // an object
  std::int64_t version = 0;  // what check-and-set compares; 0 = never written
  Texts metadata;            // the texts of custom_metadata

  // The text at a key; nullopt when there is none or it is no text.
  std::optional<Secret> At(const std::string& key) const;
};

class Kv {
 public:
  Kv(Session& session, Clock& clock) : session_(session), clock_(clock) {}

  Result<Mount> MountOf(const std::string& path);
  // kUnavailable `mount_changed` when the engine is not that version. A write for version 2 to an
  // engine of version 1 is a success that stores something else at another path, so a mount that
  // seems to lack a secret (`is_new`) is looked at again before anything is written there.
  Status CheckMount(const std::string& path, int engine, bool is_new);
  // A path that holds nothing is no error, but for one whose mount is gone. A number comes back as
  // Vault gives it: version 2 rounds integers above 2^53 whenever it reads, so that writing them
  // again changes nothing that anybody can see.
  Result<KvSecret> Read(const std::string& path);
  // Version 2: kAborted `conflict` when the newest version is not `cas`. Version 1: written as it
  // is. What the secret is now; without its data. kUnavailable `mount_changed` when the engine is
  // not the one that `data` was made for.
  Result<KvSecret> Write(const std::string& path, const Json& data, int engine, std::int64_t cas);

  // Version 2. What stands in custom_metadata, also of a secret that was never written.
  Result<Texts> ReadMetadata(const std::string& path);
  // Version 2: merges into custom_metadata, of which `known` is all that is there.
  Status MergeMetadata(const std::string& path, const Texts& changes, const Texts& known);
  // Version 2: how many versions are kept, unless the mount keeps more.
  Status KeepVersions(const std::string& path, int versions);
  // Version 2: those whose data can still be read.
  Result<std::vector<std::int64_t>> ReadableVersions(const std::string& path);
  Status Destroy(const std::string& path, const std::vector<std::int64_t>& versions);

  // Held by whoever reads, changes and writes a secret: two keys of one secret are two sinks of
  // this process, and need not be strangers to each other.
  std::unique_lock<std::mutex> Lock(const std::string& path);
  // Lets one second pass.
  void Pause() { session_.Pause(); }

 private:
  // The API's path, for a mount that is known: `secret/data/whatsapp`.
  Result<Call> CallFor(HttpRequest::Method method, const std::string& path, const std::string& part,
                       std::string attempted);
  Result<Mount> Detect(const std::string& path);
  void Forget(const std::string& path);
  Status AskAbout(Result<Call> call, const Json& body);

  Session& session_;
  Clock& clock_;
  std::atomic<bool> refuses_patch_{false};  // the policy, or an old server
  std::mutex mutex_;
  std::vector<Mount> mounts_;
  std::map<std::string, std::unique_ptr<std::mutex>> locks_;  // by path
};

// kInvalidArgument `no_path`, `bad_path`: what cannot be a path below a mount.
Status CheckPath(const std::string& path);

}  // namespace tokenwarden::vault
