// Roster: one document that says which credentials have documents, since a server is never asked
// for a list, and whether our key is the one that sealed them.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/time.h"
#include "agent/ports/crypto.h"
#include "agent/ports/document_store.h"

namespace tokenwarden::documents {

// No credential can have this name: theirs begin with a letter or a digit.
inline constexpr char kRosterName[] = "_credentials";

// Thread-safe.
class Roster {
 public:
  explicit Roster(DocumentStore& store) : store_(store) {}

  // Makes it when there is none. kFailedPrecondition `wrong_key` when another key sealed it.
  Status Open(Sealer& sealer);
  // Every name that may have a document.
  std::vector<std::string> Names();
  std::vector<std::string> NamesWithHash(std::uint32_t hash);
  // To be found although they are not in the roster as it was last read; not written.
  void Expect(const std::vector<std::string>& names);

  // Before a document is made.
  Status Add(const std::string& name);
  // Those that are present and those that are not, since when. Returns the names that were absent
  // for longer than `keep`.
  Result<std::vector<std::string>> MarkAbsent(const std::vector<std::string>& present, Seconds keep,
                                              Instant now);
  Status Remove(const std::vector<std::string>& names);

 private:
  using Absences = std::map<std::string, std::optional<Instant>>;  // since when; nullopt = present
  struct Held {
    std::string sealed_check;
    Absences credentials;
    std::optional<std::string> version;
  };
  Result<Held> Read();
  Status Write(const Held& held);
  // Reads, changes (false: nothing to write), writes; again when somebody else was faster.
  template <typename Edit>
  Status Change(Edit edit);

  DocumentStore& store_;
  std::mutex mutex_;              // for the names
  std::set<std::string> names_;   // in the roster, or expected
  std::set<std::string> listed_;  // known to be in the roster
};

}  // namespace tokenwarden::documents
