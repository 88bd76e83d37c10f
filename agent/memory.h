// The agent's memory: where it is kept, its key, what is sealed with it, and how values are shown.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/spec.h"
#include "agent/core/time.h"
#include "agent/ports/crypto.h"
#include "agent/ports/document_store.h"
#include "agent/ports/state_store.h"
#include "agent/wiring/servers.h"

namespace tokenwarden {

struct Memory {
  std::unique_ptr<Sealer> sealer;
  std::unique_ptr<Fingerprinter> fingerprinter;
  std::unique_ptr<DocumentStore> documents;  // of a state on a server
  std::unique_ptr<StateStore> store;
  std::vector<std::string> warnings;  // what an operator should know
};

// Opens the state with the configured key. A change of a key file that was interrupted is finished:
// `KEY.next` takes the place of KEY when it is the one that opens the state.
Result<Memory> OpenMemory(const Config& config, const std::string& base_dir, Servers& servers,
                          Instant now);

}  // namespace tokenwarden
