// Shelf: the documents of credentials on a server, and what this process knows of them. Every write
// is a compare-and-set.
//
// Decisions are made on what was read when the credential was taken up (Take). When somebody else
// has decided something since, a decision is refused until it is taken up again: so a holder that
// was deposed cannot overrule its successor, not even after a second look at the document. What
// decides nothing (claims, audit entries, a reply) is written on top of whatever is there.
//
// A write whose reply was lost is looked up: every write has an id of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/documents/credential_document.h"
#include "agent/ports/document_store.h"

namespace tokenwarden::documents {

struct ShelfOptions {
  // A look at a document that is older than this asks the server again.
  std::chrono::milliseconds fresh_for{5000};
  std::size_t most_in_memory = 64;  // documents; of the others only what tells a foreign decision
};

using DocumentPtr = std::shared_ptr<const CredentialDocument>;  // null: there is none

// Thread-safe. Calls on one credential wait for each other, those on different ones do not.
class Shelf {
 public:
  enum class Kind {
    kDecision,  // only on the newest decision that was taken up; the next one
    kReply,     // on any, but a decision to others: what they decided without it no longer holds
    kNote,      // on any, and nobody's concern
  };
  // Changes a copy; false: nothing has changed, so nothing is written. Called again, on a newer
  // document, after somebody else's write in between.
  using Edit = std::function<Result<bool>(CredentialDocument&)>;

  Shelf(DocumentStore& store, ShelfOptions options);

  // Reads from the server and begins anew from there. kAborted `stale` for an old epoch.
  Result<DocumentPtr> Take(const std::string& name, std::uint64_t epoch);
  // What was read already; begins from there unless it was taken up before.
  Result<DocumentPtr> Meet(const std::string& name, const std::optional<Document>& document);
  // As this process last saw it, or anew when that is too long ago.
  Result<DocumentPtr> Look(const std::string& name);
  // The document on which decisions are made now, without asking anybody; null when not in memory.
  DocumentPtr Basis(const std::string& name);

  // kAborted `stale` for a decision that is not on the newest one.
  Status Change(const std::string& name, Kind kind, const Edit& edit);
  // Puts what remains of a forgotten credential in its place.
  Status Forget(const std::string& name);

  std::string NewWriteId();

 private:
  // What is known of one document.
  struct Entry {
    std::mutex mutex;
    bool taken = false;   // there is a basis for decisions
    bool stale = false;   // and somebody else has decided since
    bool unsure = false;  // a write of ours may have arrived
    std::optional<std::string> version;
    std::uint64_t epoch = 0;           // at which it was taken up
    std::string decision;              // of the basis
    std::vector<std::string> written;  // ids of our writes that may still arrive
    DocumentPtr content;               // null when there is none, or it is not in memory
    bool in_memory = false;
    std::chrono::steady_clock::time_point seen_at{};
  };
  using EntryPtr = std::shared_ptr<Entry>;
  struct Held {
    DocumentPtr document;
    std::optional<std::string> version;
    std::string write;
  };
  enum class Outcome { kDone, kForeign, kAgain };

  EntryPtr EntryOf(const std::string& name);
  void KeepInMemory(const EntryPtr& entry);
  Result<Held> Read(const std::string& name);
  static Result<Held> Parse(const std::string& name, const std::optional<Document>& document);
  static void Install(Entry& entry, Held held);
  static bool IsOurs(const Entry& entry, const Held& held);
  Result<Outcome> Refresh(const std::string& name, Entry& entry);
  Result<Outcome> WriteOnBasis(const std::string& name, Entry& entry, Kind kind, const Edit& edit);
  Result<Outcome> AfterFailure(const std::string& name, Entry& entry, Held written, Error error);
  Status WriteOnWhatIsThere(const std::string& name, Kind kind, const Edit& edit);
  Result<std::optional<CredentialDocument>> Edited(const std::string& name, const DocumentPtr& on,
                                                   Kind kind, const Edit& edit);

  DocumentStore& store_;
  const ShelfOptions options_;
  const std::string prefix_;  // of this process's write ids
  std::mutex mutex_;          // for what follows
  std::map<std::string, EntryPtr> entries_;
  std::vector<EntryPtr> in_memory_;  // the longest unused first
  std::uint64_t count_ = 0;
};

}  // namespace tokenwarden::documents
