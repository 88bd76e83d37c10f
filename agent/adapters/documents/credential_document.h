// All that is stored of one credential, as one document: JSON that a person can read, but for what
// is sealed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/state.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::documents {

struct KeptGeneration {
  StoredGeneration about;
  std::optional<Instant> retired_at;
  std::string sealed;  // empty once retired
};

struct KeptRotation {
  Rotation rotation;
  std::string reply;  // both sealed; empty = none
  std::string candidate;
};

struct CredentialDocument {
  // Every write has an id of its own, so that a write whose reply was lost can be recognised.
  std::string write;
  // The last write that decided something: all but claims and audit entries.
  std::string decision;

  std::uint64_t epoch = 0;  // the highest under which a rotation began
  CredentialState state;    // with its sinks; `rotation` is told by the rotations
  std::vector<KeptGeneration> generations;
  std::vector<KeptRotation> rotations;         // in the order of their ids
  std::uint64_t last_rotation = 0;             // counts them
  std::map<std::string, Generation> notified;  // by target: the newest generation it was told of
  std::vector<AuditEntry> audit;               // the oldest first
  std::size_t reserved = 0;                    // bytes of padding kept for a reply

  const std::string& name() const { return state.name; }
  const KeptRotation* Unfinished() const;
  KeptRotation* Find(RotationId id);
  const KeptRotation* Find(RotationId id) const;
};

std::string ToText(const CredentialDocument& document);
// nullopt: a credential that was forgotten. kDataLoss `damaged` for what ToText did not write,
// kFailedPrecondition `newer_format` for what a newer program wrote.
Result<std::optional<CredentialDocument>> ParseDocument(std::string_view text,
                                                        const std::string& name);
// What is left of a credential that is forgotten: a store of documents cannot delete.
std::string ForgottenText(const std::string& write);
// The id of the write that made this text, whatever else it holds; empty = unknown.
std::string WriteIdOf(std::string_view text);

// The state as others see it: with the step of the unfinished rotation.
CredentialState StateOf(const CredentialDocument& document);

}  // namespace tokenwarden::documents
