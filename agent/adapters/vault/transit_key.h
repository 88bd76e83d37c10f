// TransitKey: a state key that only Vault's transit engine can unwrap. What is kept is the wrapped
// key, in a file beside us or in Vault beside the state; the key itself is in memory only.
#pragma once

#include "agent/adapters/vault/session.h"
#include "agent/core/spec.h"
#include "agent/ports/document_store.h"

namespace tokenwarden::vault {

// Where the wrapped key is kept. Neither is synchronised.
class WrappedKeyPlace {
 public:
  virtual ~WrappedKeyPlace() = default;
  // kNotFound when there is none.
  virtual Result<std::string> Read() = 0;
  // Durable on success. kAborted when somebody else has put one there meanwhile.
  virtual Status Create(const std::string& wrapped) = 0;
  virtual std::string Describe() const = 0;
};
std::unique_ptr<WrappedKeyPlace> InFile(std::string path, SecretResolver& secrets);
std::unique_ptr<WrappedKeyPlace> InDocument(DocumentStore& documents);

// kNotFound `no_wrapped_key` when none is kept and none may be made: an existing state was sealed
// with it. A new one is durable before it is returned; of several that make one at the same time
// all get the same.
Result<Secret> UnwrapKey(Session& session, const TransitKeySpec& spec, WrappedKeyPlace& place,
                         bool may_create);

}  // namespace tokenwarden::vault
