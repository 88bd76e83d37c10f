// DocumentStore: small named documents with compare-and-set, for a state that is kept on a server
// and not on a disk. A document is opaque: whoever writes it seals what is secret in it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/result.h"

namespace tokenwarden {

struct Document {
  std::string bytes;
  std::string version;  // of the server's own kind; compared for equality only
};

// Thread-safe. A success is durable on the server. kAborted `conflict`: the document is not at the
// expected version any more. kUnavailable and kDeadlineExceeded: a write may have happened; read to
// know. kResourceExhausted `too_large`. Names are letters, digits, `.`, `_` and `-`.
class DocumentStore {
 public:
  virtual ~DocumentStore() = default;
  // nullopt when there is none. Never an older one than a write that returned success before.
  virtual Result<std::optional<Document>> Read(const std::string& name) = 0;
  // Several, in the order of their names: for a server that answers for many at once.
  virtual Result<std::vector<std::optional<Document>>> ReadMany(
      const std::vector<std::string>& names) {
    std::vector<std::optional<Document>> documents;
    for (const std::string& name : names) {
      Result<std::optional<Document>> document = Read(name);
      if (!document) return tl::unexpected<Error>(document.error());
      documents.push_back(std::move(*document));
    }
    return documents;
  }
  // `expected` nullopt: it must not exist yet. Returns the new version.
  virtual Result<std::string> Write(const std::string& name, const std::string& bytes,
                                    const std::optional<std::string>& expected) = 0;
};

}  // namespace tokenwarden
