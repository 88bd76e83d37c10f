// The last resort for an issuer's reply that the database would not take: a file of its own beside
// the state, `PATH.reply-ID`, sealed like everything else. After a failed sync the database is not
// trusted any more until it is opened anew, and the reply may be the only new value there is. The
// next start takes it up.
#pragma once

#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::sqlite {

struct KeptReply {
  RotationId id = 0;
  std::string path;
  std::string sealed;
};

// Durable once it returned; the path of the file. Errors as for any file of the state.
Result<std::string> KeepReply(const std::string& state_path, RotationId id,
                              const std::string& sealed);
// All that are there. kUnavailable `io_error`: one cannot be read.
Result<std::vector<KeptReply>> FindKeptReplies(const std::string& state_path);
// Best effort: one that stays is known to be taken up already when it is found again.
void ForgetKeptReply(const std::string& path);

}  // namespace tokenwarden::sqlite
