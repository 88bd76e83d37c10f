// KvDocuments: documents as secrets of KV version 2, one for each, below a prefix. The version of a
// document is the version of its secret.
#pragma once

#include <set>
#include <string>

#include "agent/adapters/vault/kv.h"
#include "agent/ports/document_store.h"

namespace tokenwarden::vault {

class KvDocuments : public DocumentStore {
 public:
  KvDocuments(Kv& kv, std::string prefix) : kv_(kv), prefix_(std::move(prefix)) {}

  Result<std::optional<Document>> Read(const std::string& name) override;
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override;

 private:
  std::string PathOf(const std::string& name) const { return prefix_ + "/" + name; }
  Status NeedVersion2(const std::string& path);

  Kv& kv_;
  const std::string prefix_;
};

}  // namespace tokenwarden::vault
