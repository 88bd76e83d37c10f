// KvDocuments: documents as secrets of KV version 2, one for each, below a prefix. The version of a
// document is the version of its secret.
//
// What is retired must not stay readable in old versions. Two are kept: the newest, and the one
// before, so that a write that went wrong can be looked at. The limit of a secret does not lower
// the limit of its mount (Vault, "KV version 2, max_versions"), so what a mount keeps beyond it is
// destroyed; it is looked for once per document and process.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "agent/adapters/vault/kv.h"
#include "agent/ports/document_store.h"

namespace tokenwarden::vault {

// Requests: one for a read; one for a write, two where the mount keeps more versions.
class KvDocuments : public DocumentStore {
 public:
  KvDocuments(Kv& kv, std::string prefix) : kv_(kv), prefix_(std::move(prefix)) {}

  Result<std::optional<Document>> Read(const std::string& name) override;
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override;

 private:
  struct Known {
    std::int64_t written = 0;  // newest version that we wrote
    bool looked = false;       // for old versions
    bool hoards = false;       // the mount keeps more versions than we want
  };

  std::string PathOf(const std::string& name) const { return prefix_ + "/" + name; }
  Status NeedVersion2(const std::string& path);
  void DestroyOld(const std::string& name, std::int64_t newest);
  Known KnownOf(const std::string& name) const;
  void Remember(const std::string& name, const Known& known);

  Kv& kv_;
  const std::string prefix_;
  mutable std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace tokenwarden::vault
