// The StateStore on one SQLite file: WAL, synchronous=FULL, values sealed, all else readable with
// the sqlite3 tool (`SELECT * FROM status`).
//
// While it is open nobody else can open the same state (state_file.h). Only one call at a time
// enters SQLite. How commits become durable, what happens after a failed sync, and how room for an
// issuer's reply is kept: database.h.
#pragma once

#include <memory>
#include <string>

#include "agent/core/time.h"
#include "agent/ports/crypto.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::sqlite {

struct Options {
  Seconds keep_absent =
      kDay * 30;    // how long a credential outlives its removal from the configuration
  std::string vfs;  // SQLite file system layer, for tests; empty = the default
  // Why a disk that does not outlive the process will do; empty = it will not.
  std::string allow_ephemeral;
};

// Makes the file when there is none. `sealer` must outlive the store. Refuses, and leaves the file
// as it is: another key than the one it was made with (kFailedPrecondition `wrong_key`), a newer
// schema
// (`newer_schema`), a state in use (`in_use`), damage (kDataLoss `damaged`), and everything that
// state_file.h names.
Result<std::unique_ptr<StateStore>> OpenStateStore(const std::string& path, Sealer& sealer,
                                                   Options options = {});

}  // namespace tokenwarden::sqlite
