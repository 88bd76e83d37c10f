#include "agent/adapters/documents/document_state_store.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "agent/adapters/documents/roster.h"
#include "agent/adapters/documents/rotation_steps.h"

namespace tokenwarden::documents {
namespace {

using Kind = Shelf::Kind;

class DocumentStateStore final : public StateStore {
 public:
  DocumentStateStore(DocumentStore& documents, Sealer& sealer, Options options)
      : documents_(documents),
        options_(std::move(options)),
        steps_(sealer),
        shelf_(documents, options_.shelf),
        roster_(documents) {}

  Status Open(Sealer& sealer) {
    roster_.Expect(options_.credentials);
    return roster_.Open(sealer);
  }

  Result<std::vector<CredentialState>> LoadStates() override;
  Status VisitStates(const std::function<void(CredentialState)>& visit) override;
  Result<std::optional<CredentialState>> LoadState(const std::string& credential) override;
  Result<std::optional<CredentialState>> TakeUp(const std::string& credential,
                                                std::uint64_t epoch) override;
  Status SaveState(const CredentialState& state) override;
  Status SaveSink(const std::string& credential, const SinkState& sink) override;
  Status ForgetSink(const std::string& credential, const std::string& target) override;
  Status MarkAbsent(const std::vector<std::string>& present, Instant now) override;

  Result<Secret> LoadValue(const std::string& credential, Generation generation) override;
  Result<std::vector<StoredGeneration>> LoadGenerations(const std::string& credential) override;

  Result<Rotation> Begin(const std::string& credential, Origin origin, Generation from,
                         std::uint64_t epoch, Instant now, std::size_t reserve_bytes) override;
  Result<Rotation> Advance(RotationId id, RotationStep step, Instant now) override;
  Result<Rotation> Promote(RotationId id, const CredentialState& state, Instant now) override;
  Status Retire(const std::string& credential, Generation keep_from, Instant now) override;

  Result<std::vector<Rotation>> LoadUnfinished() override;
  Result<std::optional<Rotation>> LoadLatestRotation(const std::string& credential) override;
  Result<std::vector<Rotation>> LoadRefused(const std::string& credential) override;
  Result<Secret> LoadReply(RotationId id) override;
  Result<Secret> LoadCandidate(RotationId id) override;

  Result<bool> ClaimNotification(const std::string& credential, const std::string& target,
                                 Generation generation, Instant now) override;
  Status Audit(const AuditEntry& entry) override;
  Result<std::vector<AuditEntry>> LoadAudit(const std::string& credential, int newest) override;

 private:
  struct Named {
    std::string name;
    std::optional<Document> document;
  };
  Result<std::vector<Named>> ReadAll();
  // The credential that a rotation belongs to, as its document was last seen.
  Result<DocumentPtr> DocumentOf(RotationId id);
  Status Change(const std::string& credential, Kind kind, const Shelf::Edit& edit);

  DocumentStore& documents_;
  const Options options_;
  const RotationSteps steps_;
  Shelf shelf_;
  Roster roster_;
};

// The roster first: a document that nobody knows of would be lost.
Status DocumentStateStore::Change(const std::string& credential, Kind kind,
                                  const Shelf::Edit& edit) {
  Status listed = roster_.Add(credential);
  if (!listed) return listed;
  return shelf_.Change(credential, kind, edit);
}

// ---- states ----

// In the order of their names, by a few readers at a time.
Result<std::vector<DocumentStateStore::Named>> DocumentStateStore::ReadAll() {
  const std::vector<std::string> names = roster_.Names();
  std::vector<Named> all(names.size());
  const std::size_t share = (names.size() + options_.parallel - 1) / options_.parallel;
  std::vector<Status> done(share == 0 ? 0 : (names.size() + share - 1) / share);
  const auto read = [&](std::size_t reader) {
    const std::size_t first = reader * share;
    const std::size_t end = std::min(first + share, names.size());
    auto documents = documents_.ReadMany({names.begin() + static_cast<std::ptrdiff_t>(first),
                                          names.begin() + static_cast<std::ptrdiff_t>(end)});
    if (!documents) {
      done[reader] = tl::unexpected<Error>(documents.error());
      return;
    }
    for (std::size_t i = first; i < end; ++i) {
      all[i] = {names[i], std::move((*documents)[i - first])};
    }
  };
  std::vector<std::thread> readers;
  for (std::size_t reader = 1; reader < done.size(); ++reader) readers.emplace_back(read, reader);
  if (!done.empty()) read(0);
  for (std::thread& reader : readers) reader.join();
  for (const Status& each : done) {
    if (!each) return tl::unexpected<Error>(each.error());
  }
  return all;
}

Status DocumentStateStore::VisitStates(const std::function<void(CredentialState)>& visit) {
  Result<std::vector<Named>> all = ReadAll();
  if (!all) return tl::unexpected<Error>(all.error());
  for (Named& each : *all) {
    Result<DocumentPtr> document = shelf_.Meet(each.name, each.document);
    if (!document) return tl::unexpected<Error>(document.error());
    if (*document) visit(StateOf(**document));
    each.document.reset();
  }
  return {};
}

Result<std::vector<CredentialState>> DocumentStateStore::LoadStates() {
  std::vector<CredentialState> states;
  Status visited = VisitStates([&](CredentialState state) { states.push_back(std::move(state)); });
  if (!visited) return tl::unexpected<Error>(visited.error());
  return states;
}

Result<std::optional<CredentialState>> DocumentStateStore::LoadState(
    const std::string& credential) {
  roster_.Expect({credential});
  Result<DocumentPtr> document = shelf_.Look(credential);
  if (!document) return tl::unexpected<Error>(document.error());
  return *document ? std::optional(StateOf(**document)) : std::nullopt;
}

Result<std::optional<CredentialState>> DocumentStateStore::TakeUp(const std::string& credential,
                                                                  std::uint64_t epoch) {
  roster_.Expect({credential});
  Result<DocumentPtr> document = shelf_.Take(credential, epoch);
  if (!document) return tl::unexpected<Error>(document.error());
  return *document ? std::optional(StateOf(**document)) : std::nullopt;
}

Status DocumentStateStore::SaveState(const CredentialState& state) {
  return Change(state.name, Kind::kDecision, [&](CredentialDocument& document) {
    const bool is_new = document.write.empty();
    const CredentialState before = document.state;
    TakeState(document, state);
    return is_new || document.state != before;
  });
}

Status DocumentStateStore::SaveSink(const std::string& credential, const SinkState& sink) {
  return Change(credential, Kind::kDecision, [&](CredentialDocument& document) {
    std::vector<SinkState>& sinks = document.state.sinks;
    const auto at = std::lower_bound(
        sinks.begin(), sinks.end(), sink,
        [](const SinkState& a, const SinkState& b) { return a.target < b.target; });
    const bool known = at != sinks.end() && at->target == sink.target;
    if (known && *at == sink) return false;
    if (known) *at = sink;
    if (!known) sinks.insert(at, sink);
    return true;
  });
}

Status DocumentStateStore::ForgetSink(const std::string& credential, const std::string& target) {
  return shelf_.Change(credential, Kind::kDecision, [&](CredentialDocument& document) {
    std::vector<SinkState>& sinks = document.state.sinks;
    const auto same = [&](const SinkState& sink) { return sink.target == target; };
    const auto gone = std::remove_if(sinks.begin(), sinks.end(), same);
    const bool found = gone != sinks.end();
    sinks.erase(gone, sinks.end());
    return found;
  });
}

Status DocumentStateStore::MarkAbsent(const std::vector<std::string>& present, Instant now) {
  Result<std::vector<std::string>> gone = roster_.MarkAbsent(present, options_.keep_absent, now);
  if (!gone) return tl::unexpected<Error>(gone.error());
  std::vector<std::string> forgotten;
  for (const std::string& name : *gone) {
    Status done = shelf_.Forget(name);
    if (done) forgotten.push_back(name);
    // Somebody uses it: it is looked at again the next time.
    if (!done && done.error().kind != ErrorKind::kAborted) return done;
  }
  return roster_.Remove(forgotten);
}

// ---- generations ----

Result<Secret> DocumentStateStore::LoadValue(const std::string& credential, Generation generation) {
  Result<DocumentPtr> document = shelf_.Look(credential);
  if (!document) return tl::unexpected<Error>(document.error());
  if (*document) return steps_.Value(**document, generation);
  return MakeError(ErrorKind::kNotFound, "no_value", "nothing is stored of " + credential);
}

Result<std::vector<StoredGeneration>> DocumentStateStore::LoadGenerations(
    const std::string& credential) {
  Result<DocumentPtr> document = shelf_.Look(credential);
  if (!document) return tl::unexpected<Error>(document.error());
  std::vector<StoredGeneration> stored;
  if (!*document) return stored;
  for (const KeptGeneration& kept : (*document)->generations) stored.push_back(kept.about);
  return stored;
}

Status DocumentStateStore::Retire(const std::string& credential, Generation keep_from,
                                  Instant now) {
  return shelf_.Change(credential, Kind::kDecision, [&](CredentialDocument& document) {
    return documents::Retire(document, keep_from, now);
  });
}

// ---- rotations ----

Result<Rotation> DocumentStateStore::Begin(const std::string& credential, Origin origin,
                                           Generation from, std::uint64_t epoch, Instant now,
                                           std::size_t reserve_bytes) {
  Rotation rotation;
  rotation.credential = credential;
  rotation.origin = origin;
  rotation.from_generation = from;
  rotation.epoch = epoch;
  rotation.started_at = rotation.changed_at = now;
  Result<Rotation> begun;
  Status done = Change(credential, Kind::kDecision, [&](CredentialDocument& document) {
    begun = steps_.Begin(document, rotation, reserve_bytes);
    return begun ? Result<bool>(true) : tl::unexpected<Error>(begun.error());
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return begun;
}

Result<DocumentPtr> DocumentStateStore::DocumentOf(RotationId id) {
  for (const std::string& name : roster_.NamesWithHash(CredentialHashIn(id))) {
    Result<DocumentPtr> document = shelf_.Look(name);
    if (!document || (*document && (*document)->Find(id) != nullptr)) return document;
  }
  return NoRotation(id);
}

Result<Rotation> DocumentStateStore::Advance(RotationId id, RotationStep step, Instant now) {
  Result<DocumentPtr> seen = DocumentOf(id);
  if (!seen) return tl::unexpected<Error>(seen.error());
  const std::string credential = (*seen)->name();
  const DocumentPtr basis = shelf_.Basis(credential);
  const bool reply = step.to == RotationState::kReceived;
  Result<Rotation> advanced;
  const auto edit = [&](CredentialDocument& document) -> Result<bool> {
    // A reply belongs to the one request that it answers.
    const bool other_request = reply && basis && RequestsOf(*basis, id) != RequestsOf(document, id);
    if (other_request) {
      return Stale("the reply for rotation " + std::to_string(id) + " of " + credential +
                   " came too late: another request was sent since");
    }
    advanced = steps_.Step(document, id, step, now);
    return advanced ? Result<bool>(true) : tl::unexpected<Error>(advanced.error());
  };
  Status done = shelf_.Change(credential, reply ? Kind::kReply : Kind::kDecision, edit);
  if (!done) return tl::unexpected<Error>(done.error());
  return advanced;
}

Result<Rotation> DocumentStateStore::Promote(RotationId id, const CredentialState& state,
                                             Instant now) {
  Result<DocumentPtr> seen = DocumentOf(id);
  if (!seen) return tl::unexpected<Error>(seen.error());
  Result<Rotation> current;
  Status done = shelf_.Change((*seen)->name(), Kind::kDecision, [&](CredentialDocument& document) {
    current = steps_.Promote(document, id, state, now);
    return current ? Result<bool>(true) : tl::unexpected<Error>(current.error());
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return current;
}

Result<std::vector<Rotation>> DocumentStateStore::LoadUnfinished() {
  Result<std::vector<Named>> all = ReadAll();
  if (!all) return tl::unexpected<Error>(all.error());
  std::vector<Rotation> unfinished;
  for (const Named& each : *all) {
    Result<DocumentPtr> document = shelf_.Meet(each.name, each.document);
    if (!document) return tl::unexpected<Error>(document.error());
    const KeptRotation* kept = *document ? (*document)->Unfinished() : nullptr;
    if (kept != nullptr) unfinished.push_back(kept->rotation);
  }
  return unfinished;
}

Result<std::optional<Rotation>> DocumentStateStore::LoadLatestRotation(
    const std::string& credential) {
  Result<DocumentPtr> document = shelf_.Look(credential);
  if (!document) return tl::unexpected<Error>(document.error());
  if (!*document || (*document)->rotations.empty()) return std::optional<Rotation>();
  const KeptRotation* unfinished = (*document)->Unfinished();
  return unfinished != nullptr ? unfinished->rotation : (*document)->rotations.back().rotation;
}

Result<std::vector<Rotation>> DocumentStateStore::LoadRefused(const std::string& credential) {
  Result<DocumentPtr> document = shelf_.Look(credential);
  if (!document) return tl::unexpected<Error>(document.error());
  std::vector<Rotation> refused;
  if (!*document) return refused;
  const std::vector<KeptRotation>& rotations = (*document)->rotations;
  for (auto kept = rotations.rbegin(); kept != rotations.rend(); ++kept) {
    if (kept->rotation.state == RotationState::kRefused && kept->rotation.has_candidate) {
      refused.push_back(kept->rotation);
    }
  }
  return refused;
}

Result<Secret> DocumentStateStore::LoadReply(RotationId id) {
  Result<DocumentPtr> document = DocumentOf(id);
  if (!document) return tl::unexpected<Error>(document.error());
  return steps_.Reply(**document, id);
}

Result<Secret> DocumentStateStore::LoadCandidate(RotationId id) {
  Result<DocumentPtr> document = DocumentOf(id);
  if (!document) return tl::unexpected<Error>(document.error());
  return steps_.Candidate(**document, id);
}

// ---- notifications and audit ----

Result<bool> DocumentStateStore::ClaimNotification(const std::string& credential,
                                                   const std::string& target, Generation generation,
                                                   Instant) {
  bool first = false;
  Status done = Change(credential, Kind::kNote, [&](CredentialDocument& document) {
    const auto told = document.notified.find(target);
    first = told == document.notified.end() || told->second < generation;
    if (first) document.notified[target] = generation;
    return first;
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return first;
}

Status DocumentStateStore::Audit(const AuditEntry& entry) {
  if (entry.credential.empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "no_name",
                     "an audit entry without the credential it is about: " + entry.event);
  }
  return Change(entry.credential, Kind::kNote, [&](CredentialDocument& document) {
    document.audit.push_back(entry);
    if (document.audit.size() > options_.audit_entries) {
      document.audit.erase(document.audit.begin());
    }
    return true;
  });
}

Result<std::vector<AuditEntry>> DocumentStateStore::LoadAudit(const std::string& credential,
                                                              int newest) {
  std::vector<AuditEntry> entries;
  const std::vector<std::string> names =
      credential.empty() ? roster_.Names() : std::vector<std::string>{credential};
  for (const std::string& name : names) {
    Result<DocumentPtr> document = shelf_.Look(name);
    if (!document) return tl::unexpected<Error>(document.error());
    if (*document) {
      entries.insert(entries.end(), (*document)->audit.rbegin(), (*document)->audit.rend());
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const AuditEntry& a, const AuditEntry& b) { return a.at > b.at; });
  const auto most = static_cast<std::size_t>(std::max(newest, 0));
  if (entries.size() > most) entries.resize(most);
  return entries;
}

}  // namespace

Result<bool> HasState(DocumentStore& documents) {
  Result<std::optional<Document>> roster = documents.Read(kRosterName);
  if (!roster) return tl::unexpected<Error>(roster.error());
  return roster->has_value();
}

Result<std::unique_ptr<StateStore>> OpenStateStore(DocumentStore& documents, Sealer& sealer,
                                                   Options options) {
  auto store = std::make_unique<DocumentStateStore>(documents, sealer, std::move(options));
  Status opened = store->Open(sealer);
  if (!opened) return tl::unexpected<Error>(opened.error());
  return std::unique_ptr<StateStore>(std::move(store));
}

}  // namespace tokenwarden::documents
