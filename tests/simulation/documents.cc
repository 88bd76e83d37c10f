#include "tests/simulation/documents.h"

#include <utility>

#include "agent/adapters/documents/credential_document.h"
#include "agent/adapters/documents/rotation_steps.h"
#include "tests/simulation/invariants.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {
namespace {

tl::unexpected<Error> Gone() {
  return MakeError(ErrorKind::kUnavailable, "connection_lost", "the server does not answer");
}

std::optional<documents::CredentialDocument> Parsed(const std::string& bytes,
                                                    const std::string& name) {
  auto document = documents::ParseDocument(bytes, name);
  return document ? std::move(*document) : std::nullopt;
}

std::optional<Secret> Opened(Result<Secret> value) {
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

}  // namespace

Result<std::string> PlainSealer::Seal(const Secret& value, std::string_view context) {
  return std::string(context) + "|" + std::string(value.Reveal());
}

Result<Secret> PlainSealer::Open(std::string_view blob, std::string_view context) {
  const std::string prefix = std::string(context) + "|";
  if (blob.substr(0, prefix.size()) != prefix) {
    return MakeError(ErrorKind::kDataLoss, "damaged", "sealed for another place");
  }
  return Secret(blob.substr(prefix.size()));
}

// ---- the server ----

void SharedDocuments::CopyTo(MemoryStateStore::Disk& disk, const std::string& credential) const {
  const std::string version = server_->VersionOf(credential);
  if (version == copied_) return;
  copied_ = version;
  const auto document = Parsed(server_->Contents().at(credential), credential);
  if (!document) return;
  const documents::RotationSteps steps(sealer_);
  disk.rotations.clear();
  disk.rows.erase(credential);
  auto& row = disk.rows[credential];
  row.state = documents::StateOf(*document);
  row.epoch = document->epoch;
  for (const SinkState& sink : document->state.sinks) row.sinks[sink.target] = sink;
  for (const documents::KeptGeneration& kept : document->generations) {
    auto& [about, value] = row.generations[kept.about.generation];
    about = kept.about;
    Result<Secret> opened = steps.Value(*document, kept.about.generation);
    value = opened ? std::move(*opened) : Secret();
  }
  for (const documents::KeptRotation& kept : document->rotations) {
    auto& rotation = disk.rotations[kept.rotation.id];
    rotation.rotation = kept.rotation;
    rotation.reply = Opened(steps.Reply(*document, kept.rotation.id));
    rotation.candidate = Opened(steps.Candidate(*document, kept.rotation.id));
  }
}

// ---- the way to it ----

AgentDocuments::AgentDocuments(World& world, int agent)
    : world_(world), agent_(agent), inner_(world.documents.server()) {}

Result<std::optional<Document>> AgentDocuments::Read(const std::string& name) {
  world_.AtCall(agent_, "ReadDocument", false);
  if (weather.no_server) return Gone();
  Result<std::optional<Document>> document = inner_.Read(name);
  world_.AtCall(agent_, "ReadDocument", true);
  return document;
}

Result<std::string> AgentDocuments::Write(const std::string& name, const std::string& bytes,
                                          const std::optional<std::string>& expected) {
  world_.AtCall(agent_, "WriteDocument", false);
  if (weather.no_server) return Gone();
  if (weather.no_room) {
    return MakeError(ErrorKind::kResourceExhausted, "too_large", name + " does not fit");
  }
  Result<std::string> version = inner_.Write(name, bytes, expected);
  if (version && name == world_.scenario.spec.name) {
    JudgeDecision(bytes);
    NotePromotion();
  }
  world_.AtCall(agent_, "WriteDocument", true);
  if (!std::exchange(weather.lost_reply, false)) return version;
  weather.no_server = weather.then_gone;
  return Gone();
}

// Here and not where the call returns: the process may not live that long.
void AgentDocuments::NotePromotion() {
  MemoryStateStore::Disk& durable = world_.Durable();
  const Generation held = durable.rows[world_.scenario.spec.name].state.generation;
  if (held <= world_.documents.generation) return;
  world_.documents.generation = held;
  for (const auto& each : durable.rotations) {
    if (each.second.rotation.to_generation == held) NotePromoted(world_, each.second.rotation);
  }
}

// Once a successor has decided something, nobody before it decides any more.
void AgentDocuments::JudgeDecision(const std::string& bytes) {
  const std::string member = "\"decision\":\"";
  const std::size_t begin = bytes.find(member) + member.size();
  const std::string decision = bytes.substr(begin, bytes.find('"', begin) - begin);
  SharedDocuments& shared = world_.documents;
  if (decision == shared.decision) return;
  shared.decision = decision;
  const int turn = TurnOf(world_, agent_);
  if (turn < shared.turn && !weather.storing_reply) {
    world_.ledger.Violate("EpochsNeverGoBack", "agent " + std::to_string(agent_) +
                                                   " overrules its successor on the server");
  }
  shared.turn = std::max(shared.turn, turn);
}

}  // namespace tokenwarden::simulation
