// TransitKey: a state key that only Vault's transit engine can unwrap. The file beside us holds the
// wrapped key; the key itself is in memory only.
#pragma once

#include "agent/adapters/vault/session.h"
#include "agent/core/spec.h"

namespace tokenwarden::vault {

// kNotFound `no_wrapped_key` when the file is not there and none may be made: an existing state was
// sealed with it. A new one is durable before it is returned.
Result<Secret> UnwrapKey(Session& session, const TransitKeySpec& spec, SecretResolver& secrets,
                         bool may_create);

}  // namespace tokenwarden::vault
