// The StateStore on a server that keeps documents (Vault, a Kubernetes Secret), for agents whose
// disk does not outlive them and for replicas that share the work. One document for each
// credential, read when it is needed, and one that lists them.
//
// Values, replies and candidates are sealed here; the server sees nothing of them. Every write is a
// compare-and-set and durable when it returns. Of two agents that act from one version one gets
// kAborted `stale`, and stays refused until it takes the state up again, which it can only at an
// epoch that is not below the newest that decided something. Only an issuer's reply is
// stored whoever holds the credential by then, as long as no other request was sent since.
//
// Differences to the SQLite store: `disk_full` is `too_large`, of the server; audit entries and
// finished rotations are few; a notification for an older generation than was told already is no
// longer claimed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "agent/adapters/documents/shelf.h"
#include "agent/core/time.h"
#include "agent/ports/crypto.h"
#include "agent/ports/document_store.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::documents {

struct Options {
  std::vector<std::string> credentials;  // of the configuration
  Seconds keep_absent = kDay * 30;       // how long one outlives its removal from the configuration
  std::size_t parallel = 8;              // readers when all are loaded
  std::size_t audit_entries = 16;        // the newest, for each credential
  ShelfOptions shelf;
};

// Whether a state is there, whoever sealed it.
Result<bool> HasState(DocumentStore& documents);

// Both must outlive the store. kFailedPrecondition `wrong_key` when the state was sealed with
// another key, `newer_format` when a newer program wrote it.
Result<std::unique_ptr<StateStore>> OpenStateStore(DocumentStore& documents, Sealer& sealer,
                                                   Options options);

}  // namespace tokenwarden::documents
