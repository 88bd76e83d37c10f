#include "tests/crash/store_view.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/crypto/state_key.h"
#include "agent/adapters/sqlite/sqlite_state_store.h"

namespace tokenwarden::crash {
namespace {

namespace fs = std::filesystem;

void Copy(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  fs::permissions(to, fs::perms::owner_all);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename();
    const bool wanted = name.rfind("state.db", 0) == 0 && name != "state.db-shm";
    if (wanted) fs::copy_file(entry.path(), to / name);
  }
}

void Take(const Result<Secret>& bytes, StoreSeen& seen) {
  if (bytes) {
    seen.held.emplace_back(bytes->Reveal());
  } else {
    seen.problem = bytes.error().message;
  }
}

void ReadGenerations(StateStore& store, const std::string& credential, StoreSeen& seen) {
  auto generations = store.LoadGenerations(credential);
  if (!generations) {
    seen.problem = generations.error().message;
    return;
  }
  for (const StoredGeneration& each : *generations) {
    if (!each.retired) Take(store.LoadValue(credential, each.generation), seen);
  }
}

void ReadRotation(StateStore& store, const std::string& credential, StoreSeen& seen) {
  auto latest = store.LoadLatestRotation(credential);
  if (!latest) {
    seen.problem = latest.error().message;
    return;
  }
  if (!*latest) return;
  const Rotation& rotation = **latest;
  seen.newest_rotation = std::string(ToString(rotation.state));
  seen.settled = rotation.state == RotationState::kRetired;
  seen.is_unfinished = IsUnfinished(rotation.state) && rotation.state != RotationState::kAmbiguous;
  seen.knows_of_a_request =
      IsUnfinished(rotation.state) && rotation.state != RotationState::kIntent;
  if (rotation.has_reply) Take(store.LoadReply(rotation.id), seen);
  if (rotation.has_candidate) Take(store.LoadCandidate(rotation.id), seen);
}

}  // namespace

StoreSeen LookIntoStore(const std::string& directory, const std::string& key,
                        const std::string& credential, const std::string& scratch) {
  StoreSeen seen;
  Copy(directory, scratch);
  Result<crypto::StateKey> parsed = crypto::ParseStateKey(Secret(key));
  if (!parsed) {
    seen.problem = parsed.error().message;
    return seen;
  }
  const auto sealer = crypto::MakeSealer(*parsed);
  auto store = sqlite::OpenStateStore(scratch + "/state.db", *sealer, {kDay * 30, "", "a copy"});
  if (!store) {
    seen.problem = store.error().message;
    return seen;
  }
  auto state = (*store)->LoadState(credential);
  if (!state || !*state) {
    seen.problem = state ? "it does not know the credential" : state.error().message;
    return seen;
  }
  if ((*state)->operator_need) seen.need = (*state)->operator_need->reason;
  ReadGenerations(**store, credential, seen);
  ReadRotation(**store, credential, seen);
  if ((*state)->generation != 0) {
    auto current = (*store)->LoadValue(credential, (*state)->generation);
    if (current) {
      seen.current = std::string(current->Reveal());
    } else {
      seen.problem = current.error().message;
    }
  }
  return seen;
}

}  // namespace tokenwarden::crash
