#include "agent/adapters/documents/shelf.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>

#include "agent/adapters/documents/rotation_steps.h"
#include "agent/core/hash.h"

namespace tokenwarden::documents {
namespace {

// Each try is lost only when somebody else's write wins.
constexpr int kTries = 16;

std::string RandomPrefix() {
  std::random_device random;
  return HexOf(random()) + HexOf(random()) + "-";
}

tl::unexpected<Error> Overtaken(const std::string& name) {
  return Stale("the state of " + name + " on the server was changed by another agent");
}

// A reply may have to be compared with it, whoever has written since.
bool IsAwaited(const CredentialDocument* document) {
  const KeptRotation* unfinished = document == nullptr ? nullptr : document->Unfinished();
  return unfinished != nullptr && IsBeforeCurrent(unfinished->rotation.state);
}

tl::unexpected<Error> TooBusy(const std::string& name) {
  return MakeError(ErrorKind::kUnavailable, "too_busy",
                   "the state of " + name + " could not be written: others were faster " +
                       std::to_string(kTries) + " times",
                   "nothing; it is tried again");
}

}  // namespace

Shelf::Shelf(DocumentStore& store, ShelfOptions options)
    : store_(store), options_(options), prefix_(RandomPrefix()) {}

std::string Shelf::NewWriteId() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return prefix_ + std::to_string(++count_);
}

// ---- what is known ----

Shelf::EntryPtr Shelf::EntryOf(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  EntryPtr& entry = entries_[name];
  if (!entry) entry = std::make_shared<Entry>();
  return entry;
}

// The caller holds the entry's mutex; others' are only tried, so that no two wait for each other.
void Shelf::KeepInMemory(const EntryPtr& entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  in_memory_.erase(std::remove(in_memory_.begin(), in_memory_.end(), entry), in_memory_.end());
  in_memory_.push_back(entry);
  for (auto each = in_memory_.begin(); in_memory_.size() > options_.most_in_memory; ++each) {
    if (*each == entry) return;
    const std::unique_lock<std::mutex> free((*each)->mutex, std::try_to_lock);
    if (!free || IsAwaited((*each)->content.get())) continue;
    (*each)->content.reset();
    (*each)->in_memory = false;
    in_memory_.erase(each);
    return;
  }
}

Result<Shelf::Held> Shelf::Parse(const std::string& name, const std::optional<Document>& document) {
  Held held;
  if (!document) return held;
  held.version = document->version;
  Result<std::optional<CredentialDocument>> parsed = ParseDocument(document->bytes, name);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (*parsed) {
    held.document = std::make_shared<const CredentialDocument>(std::move(**parsed));
    held.write = held.document->write;
  } else {
    held.write = WriteIdOf(document->bytes);
  }
  return held;
}

Result<Shelf::Held> Shelf::Read(const std::string& name) {
  Result<std::optional<Document>> document = store_.Read(name);
  if (!document) return tl::unexpected<Error>(document.error());
  return Parse(name, *document);
}

void Shelf::Install(Entry& entry, Held held) {
  // At the same version a write that seemed to fail may still arrive.
  if (held.version != entry.version) entry.written.clear();
  entry.taken = true;
  entry.stale = entry.unsure = false;
  entry.version = std::move(held.version);
  entry.decision = held.document ? held.document->decision : held.write;
  entry.content = std::move(held.document);
  entry.in_memory = true;
  entry.seen_at = std::chrono::steady_clock::now();
}

// Nobody but us has decided anything since the basis.
bool Shelf::IsOurs(const Entry& entry, const Held& held) {
  const std::string& decision = held.document ? held.document->decision : held.write;
  return decision == entry.decision ||
         std::find(entry.written.begin(), entry.written.end(), decision) != entry.written.end();
}

// ---- reading ----

Result<DocumentPtr> Shelf::Take(const std::string& name, std::uint64_t epoch) {
  const EntryPtr entry = EntryOf(name);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  Result<Held> held = Read(name);
  if (!held) return tl::unexpected<Error>(held.error());
  if (held->document && held->document->epoch > epoch) {
    entry->taken = entry->stale = true;
    return TooOld(name, epoch, held->document->epoch);
  }
  Install(*entry, std::move(*held));
  entry->epoch = epoch;
  DocumentPtr content = entry->content;
  KeepInMemory(entry);
  return content;
}

Result<DocumentPtr> Shelf::Meet(const std::string& name, const std::optional<Document>& document) {
  const EntryPtr entry = EntryOf(name);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  Result<Held> held = Parse(name, document);
  if (!held) return tl::unexpected<Error>(held.error());
  DocumentPtr content = held->document;
  if (entry->taken) return content;
  Install(*entry, std::move(*held));
  KeepInMemory(entry);
  return content;
}

Result<DocumentPtr> Shelf::Look(const std::string& name) {
  const EntryPtr entry = EntryOf(name);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  const bool fresh = entry->taken && !entry->stale && !entry->unsure && entry->in_memory &&
                     std::chrono::steady_clock::now() - entry->seen_at < options_.fresh_for;
  if (fresh) return entry->content;
  Result<Held> held = Read(name);
  if (!held) return tl::unexpected<Error>(held.error());
  DocumentPtr content = held->document;
  if (entry->taken && (entry->stale || !IsOurs(*entry, *held))) {
    entry->stale = true;
    return content;
  }
  Install(*entry, std::move(*held));
  KeepInMemory(entry);
  return content;
}

DocumentPtr Shelf::Basis(const std::string& name) {
  const EntryPtr entry = EntryOf(name);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  return entry->content;
}

Result<Shelf::Outcome> Shelf::Refresh(const std::string& name, Entry& entry) {
  Result<Held> held = Read(name);
  if (!held) return tl::unexpected<Error>(held.error());
  if (entry.taken && !IsOurs(entry, *held)) return Outcome::kForeign;
  Install(entry, std::move(*held));
  return Outcome::kDone;
}

// ---- writing ----

Status Shelf::Change(const std::string& name, Kind kind, const Edit& edit) {
  const EntryPtr entry = EntryOf(name);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  for (int tries = 0; tries < kTries && !entry->stale; ++tries) {
    Result<Outcome> outcome = WriteOnBasis(name, *entry, kind, edit);
    if (!outcome) return tl::unexpected<Error>(outcome.error());
    if (*outcome == Outcome::kForeign) entry->stale = true;
    if (*outcome == Outcome::kDone) {
      KeepInMemory(entry);
      return {};
    }
  }
  if (!entry->stale) return TooBusy(name);
  if (kind == Kind::kDecision) return Overtaken(name);
  return WriteOnWhatIsThere(name, kind, edit);
}

Result<Shelf::Outcome> Shelf::WriteOnBasis(const std::string& name, Entry& entry, Kind kind,
                                           const Edit& edit) {
  if (!entry.taken || !entry.in_memory || entry.unsure) {
    Result<Outcome> refreshed = Refresh(name, entry);
    if (!refreshed || *refreshed == Outcome::kForeign) return refreshed;
  }
  Result<std::optional<CredentialDocument>> edited = Edited(name, entry.content, kind, edit);
  if (!edited) return tl::unexpected<Error>(edited.error());
  if (!*edited) return Outcome::kDone;
  CredentialDocument& next = **edited;
  if (kind == Kind::kDecision) next.epoch = std::max(next.epoch, entry.epoch);
  Result<std::string> version = store_.Write(name, ToText(next), entry.version);
  Held written;
  written.write = next.write;
  written.document = std::make_shared<const CredentialDocument>(std::move(next));
  if (!version) return AfterFailure(name, entry, std::move(written), version.error());
  written.version = std::move(*version);
  Install(entry, std::move(written));
  return Outcome::kDone;
}

// It may have arrived all the same, somebody else may have been first, or nothing happened.
Result<Shelf::Outcome> Shelf::AfterFailure(const std::string& name, Entry& entry, Held written,
                                           Error error) {
  const bool sure = error.kind != ErrorKind::kAborted && error.kind != ErrorKind::kUnavailable &&
                    error.kind != ErrorKind::kDeadlineExceeded;
  if (sure) return tl::unexpected<Error>(std::move(error));
  entry.unsure = true;
  entry.written.push_back(written.write);
  Result<Held> held = Read(name);
  if (!held) return tl::unexpected<Error>(std::move(error));
  if (held->write == written.write) {
    written.version = std::move(held->version);
    Install(entry, std::move(written));
    return Outcome::kDone;
  }
  const bool same_as_before = held->version == entry.version;
  if (same_as_before && error.kind != ErrorKind::kAborted) {
    return tl::unexpected<Error>(std::move(error));
  }
  if (!IsOurs(entry, *held)) return Outcome::kForeign;
  if (!same_as_before) Install(entry, std::move(*held));
  return Outcome::kAgain;
}

Status Shelf::WriteOnWhatIsThere(const std::string& name, Kind kind, const Edit& edit) {
  for (int tries = 0; tries < kTries; ++tries) {
    Result<Held> held = Read(name);
    if (!held) return tl::unexpected<Error>(held.error());
    Result<std::optional<CredentialDocument>> edited = Edited(name, held->document, kind, edit);
    if (!edited) return tl::unexpected<Error>(edited.error());
    if (!*edited) return {};
    Result<std::string> version = store_.Write(name, ToText(**edited), held->version);
    if (version) return {};
    Result<Held> after = Read(name);
    if (after && after->write == (*edited)->write) return {};
    if (version.error().kind != ErrorKind::kAborted) return tl::unexpected<Error>(version.error());
  }
  return TooBusy(name);
}

// nullopt: nothing has changed.
Result<std::optional<CredentialDocument>> Shelf::Edited(const std::string& name,
                                                        const DocumentPtr& on, Kind kind,
                                                        const Edit& edit) {
  std::optional<CredentialDocument> next = on ? *on : CredentialDocument{};
  next->state.name = name;
  Result<bool> changed = edit(*next);
  if (!changed) return tl::unexpected<Error>(changed.error());
  if (!*changed) return std::optional<CredentialDocument>();
  next->write = NewWriteId();
  if (kind != Kind::kNote) next->decision = next->write;
  return next;
}

Status Shelf::Forget(const std::string& name) {
  const EntryPtr entry = EntryOf(name);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  Result<Held> held = Read(name);
  if (!held) return tl::unexpected<Error>(held.error());
  if (!held->document) return {};
  const std::string write = NewWriteId();
  Result<std::string> version = store_.Write(name, ForgottenText(write), held->version);
  if (!version) return tl::unexpected<Error>(version.error());
  Install(*entry, {nullptr, std::move(*version), write});
  return {};
}

}  // namespace tokenwarden::documents
