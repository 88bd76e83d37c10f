#include "agent/adapters/documents/rotation_steps.h"

#include <algorithm>
#include <utility>

#include "agent/core/hash.h"

namespace tokenwarden::documents {
namespace {

constexpr int kCountBits = 20;
// What a sealed blob adds at most to its value, and a step to the journal beside it.
constexpr std::size_t kSealRoom = 64;
constexpr std::size_t kStepRoom = 512;
// Finished rotations that stay to be looked at. Those that were refused stay longer: their
// candidates wait for an operator.
constexpr std::size_t kFinishedKept = 4;
constexpr std::size_t kRetiredKept = 16;

std::size_t Base64Size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

// The context binds a blob to its place: moved to another one it does not open.
std::string GenerationContext(const std::string& credential, Generation generation) {
  return "generation/" + std::to_string(generation) + "/" + credential;
}
std::string RotationContext(const char* part, const Rotation& rotation) {
  return "rotation/" + std::to_string(rotation.id) + "/" + part + "/" + rotation.credential;
}

tl::unexpected<Error> InFlight(const std::string& credential) {
  return MakeError(ErrorKind::kAborted, "in_flight",
                   "another rotation of " + credential + " is unfinished",
                   "see where it stands: tokenwarden status " + credential + " --rotation");
}

std::string Named(const Rotation& rotation) {
  return "rotation " + std::to_string(rotation.id) + " of " + rotation.credential;
}

// Of a step that was just taken.
void Note(Rotation& rotation) {
  if (rotation.steps.size() == kMostSteps) rotation.steps.erase(rotation.steps.begin() + 1);
  rotation.steps.push_back({rotation.state, rotation.changed_at, rotation.note});
}

Status CheckStep(const CredentialDocument& document, const Rotation& rotation,
                 const RotationStep& step) {
  if (!CanFollow(rotation.state, step.to)) {
    return Stale(Named(rotation) + " stands at " + std::string(ToString(rotation.state)) +
                 ", which " + std::string(ToString(step.to)) + " does not follow");
  }
  if ((step.to == RotationState::kReceived && !step.reply) ||
      (step.to == RotationState::kCandidate && !step.candidate) ||
      step.to == RotationState::kCurrent) {
    return MakeError(ErrorKind::kInvalidArgument, "incomplete_step",
                     Named(rotation) + " cannot step to " + std::string(ToString(step.to)) +
                         " without what the step is about");
  }
  const KeptRotation* unfinished = document.Unfinished();
  if (unfinished != nullptr && unfinished->rotation.id != rotation.id) {
    return InFlight(rotation.credential);
  }
  return {};
}

Status CheckBegin(const CredentialDocument& document, const Rotation& wanted) {
  const std::string& name = wanted.credential;
  if (document.Unfinished() != nullptr) return InFlight(name);
  if (document.state.generation != wanted.from_generation) {
    return Stale("a rotation of " + name + " from generation " +
                 std::to_string(wanted.from_generation) + " cannot begin: generation " +
                 std::to_string(document.state.generation) + " is held");
  }
  if (wanted.epoch < document.epoch) return TooOld(name, wanted.epoch, document.epoch);
  return {};
}

void TrimRotations(std::vector<KeptRotation>& rotations) {
  std::size_t finished = 0;
  for (const KeptRotation& kept : rotations) {
    const RotationState state = kept.rotation.state;
    if (!IsUnfinished(state) && state != RotationState::kRefused) ++finished;
  }
  for (auto kept = rotations.begin(); finished > kFinishedKept;) {
    const RotationState state = kept->rotation.state;
    const bool trimmed = !IsUnfinished(state) && state != RotationState::kRefused;
    kept = trimmed ? rotations.erase(kept) : std::next(kept);
    if (trimmed) --finished;
  }
}

}  // namespace

RotationId RotationIdOf(const std::string& credential, std::uint64_t count) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kCountBits) - 1;
  return static_cast<RotationId>(
      (static_cast<std::uint64_t>(CredentialHashOf(credential)) << kCountBits) | (count & kMask));
}
std::uint32_t CredentialHashIn(RotationId id) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> kCountBits);
}
std::uint32_t CredentialHashOf(const std::string& credential) {
  return static_cast<std::uint32_t>(Fnv1a(credential));
}

tl::unexpected<Error> Stale(const std::string& message) {
  return MakeError(ErrorKind::kAborted, "stale", message, "load the state again and decide anew");
}
tl::unexpected<Error> TooOld(const std::string& credential, std::uint64_t epoch,
                             std::uint64_t newer) {
  tl::unexpected<Error> error =
      Stale("a refresher with epoch " + std::to_string(epoch) + " cannot act on " + credential +
            ": one with epoch " + std::to_string(newer) + " was here");
  if (epoch == 0) {
    error.value().action =
        "other agents share this state by coordination: configure it here too, also for one "
        "replica alone";
  }
  return error;
}
tl::unexpected<Error> NoRotation(RotationId id) {
  return MakeError(ErrorKind::kNotFound, "no_rotation",
                   "there is no rotation " + std::to_string(id));
}

// ---- steps ----

Result<Rotation> RotationSteps::Begin(CredentialDocument& document, const Rotation& wanted,
                                      std::size_t reserve_bytes) const {
  Status fits = CheckBegin(document, wanted);
  if (!fits) return tl::unexpected<Error>(fits.error());
  KeptRotation kept;
  kept.rotation = wanted;
  kept.rotation.id = RotationIdOf(wanted.credential, ++document.last_rotation);
  Note(kept.rotation);
  document.epoch = wanted.epoch;
  document.reserved = Base64Size(reserve_bytes + kSealRoom) + kStepRoom;
  TrimRotations(document.rotations);
  document.rotations.push_back(std::move(kept));
  return document.rotations.back().rotation;
}

Result<Rotation> RotationSteps::Step(CredentialDocument& document, RotationId id,
                                     const RotationStep& step, Instant now) const {
  KeptRotation* kept = document.Find(id);
  if (kept == nullptr) return NoRotation(id);
  Status done = CheckStep(document, kept->rotation, step);
  if (done) done = WriteStep(*kept, step);
  if (!done) return tl::unexpected<Error>(done.error());
  kept->rotation.changed_at = now;
  Note(kept->rotation);
  // The room that was kept is for what follows the request: the reply, or that there was none.
  if (step.to != RotationState::kRequested) document.reserved = 0;
  return kept->rotation;
}

Status RotationSteps::WriteStep(KeptRotation& kept, const RotationStep& step) const {
  Rotation& rotation = kept.rotation;
  if (step.reply) {
    Result<std::string> sealed = sealer_.Seal(*step.reply, RotationContext("reply", rotation));
    if (!sealed) return tl::unexpected<Error>(sealed.error());
    kept.reply = std::move(*sealed);
    rotation.has_reply = true;
  }
  if (step.candidate) {
    Result<std::string> sealed =
        sealer_.Seal(*step.candidate, RotationContext("candidate", rotation));
    if (!sealed) return tl::unexpected<Error>(sealed.error());
    kept.candidate = std::move(*sealed);
    rotation.has_candidate = true;
    rotation.candidate_fingerprint = step.candidate_fingerprint;
  }
  rotation.state = step.to;
  rotation.note = step.note;
  return {};
}

Result<Rotation> RotationSteps::Promote(CredentialDocument& document, RotationId id,
                                        const CredentialState& state, Instant now) const {
  KeptRotation* kept = document.Find(id);
  if (kept == nullptr) return NoRotation(id);
  Rotation& rotation = kept->rotation;
  const Generation held = document.state.generation;
  if (rotation.state != RotationState::kProven || rotation.from_generation != held ||
      state.generation != held + 1 || state.name != rotation.credential) {
    return Stale(Named(rotation) + ", at " + std::string(ToString(rotation.state)) +
                 ", cannot become generation " + std::to_string(state.generation) + " of " +
                 state.name + ": generation " + std::to_string(held) + " is held");
  }
  Result<Secret> value = Candidate(document, id);
  if (!value) return tl::unexpected<Error>(value.error());
  Result<std::string> sealed =
      sealer_.Seal(*value, GenerationContext(state.name, state.generation));
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  document.generations.push_back(
      {{state.generation, rotation.candidate_fingerprint, rotation.origin, now, false},
       std::nullopt,
       std::move(*sealed)});
  TakeState(document, state);
  document.state.generation = state.generation;
  document.state.fingerprint = rotation.candidate_fingerprint;
  document.state.generation_since = state.generation_since;
  document.state.origin = state.origin;
  rotation.state = RotationState::kCurrent;
  rotation.to_generation = state.generation;
  rotation.changed_at = now;
  rotation.note.clear();
  Note(rotation);
  // A newer proven value exists: no older reply and no refused candidate can be needed any more.
  for (KeptRotation& each : document.rotations) {
    each.reply.clear();
    each.candidate.clear();
    each.rotation.has_reply = each.rotation.has_candidate = false;
  }
  return rotation;
}

// ---- what is sealed ----

Result<Secret> RotationSteps::Value(const CredentialDocument& document,
                                    Generation generation) const {
  const std::string place = "generation " + std::to_string(generation) + " of " + document.name();
  for (const KeptGeneration& kept : document.generations) {
    if (kept.about.generation != generation) continue;
    if (kept.about.retired) {
      return MakeError(ErrorKind::kNotFound, "retired", place + " was retired");
    }
    Result<Secret> value =
        sealer_.Open(kept.sealed, GenerationContext(document.name(), generation));
    if (!value) value.error().message += " (" + place + ")";
    return value;
  }
  return MakeError(ErrorKind::kNotFound, "no_value", "there is no " + place);
}

Result<Secret> RotationSteps::Reply(const CredentialDocument& document, RotationId id) const {
  const KeptRotation* kept = document.Find(id);
  if (kept != nullptr && !kept->reply.empty()) {
    return sealer_.Open(kept->reply, RotationContext("reply", kept->rotation));
  }
  return MakeError(ErrorKind::kNotFound, "no_reply",
                   "rotation " + std::to_string(id) + " has no stored reply");
}

Result<Secret> RotationSteps::Candidate(const CredentialDocument& document, RotationId id) const {
  const KeptRotation* kept = document.Find(id);
  if (kept != nullptr && !kept->candidate.empty()) {
    return sealer_.Open(kept->candidate, RotationContext("candidate", kept->rotation));
  }
  return MakeError(ErrorKind::kNotFound, "no_candidate",
                   "rotation " + std::to_string(id) + " has no stored candidate");
}

// ---- the rest ----

Result<bool> Retire(CredentialDocument& document, Generation keep_from, Instant now) {
  const Generation held = document.state.generation;
  if (keep_from > held) {
    return MakeError(ErrorKind::kInvalidArgument, "would_lose_current",
                     "retiring every value of " + document.name() + " below generation " +
                         std::to_string(keep_from) + " would lose the current one, " +
                         std::to_string(held));
  }
  bool wiped = false;
  std::size_t retired = 0;
  for (KeptGeneration& kept : document.generations) {
    if (kept.about.generation < keep_from && !kept.about.retired) {
      kept.sealed.clear();
      kept.retired_at = now;
      kept.about.retired = wiped = true;
    }
    if (kept.about.retired) ++retired;
  }
  while (retired > kRetiredKept && document.generations.front().about.retired) {
    document.generations.erase(document.generations.begin());
    --retired;
  }
  return wiped;
}

void TakeState(CredentialDocument& document, const CredentialState& state) {
  CredentialState kept = state;
  kept.generation = document.state.generation;
  kept.fingerprint = document.state.fingerprint;
  kept.generation_since = document.state.generation_since;
  kept.origin = document.state.origin;
  kept.sinks = std::move(document.state.sinks);
  kept.rotation.reset();
  document.state = std::move(kept);
}

Requests RequestsOf(const CredentialDocument& document, RotationId id) {
  Requests requests;
  const KeptRotation* kept = document.Find(id);
  if (kept == nullptr) return requests;
  for (const PassedStep& step : kept->rotation.steps) {
    if (step.state != RotationState::kRequested) continue;
    ++requests.count;
    requests.last_at = step.at;
  }
  return requests;
}

}  // namespace tokenwarden::documents
