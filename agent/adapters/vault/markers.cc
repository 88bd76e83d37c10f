#include "agent/adapters/vault/markers.h"

#include <charconv>
#include <cstdint>
#include <utility>

#include "agent/core/hash.h"

namespace tokenwarden::vault {
namespace {

constexpr std::string_view kPrefix = "tokenwarden_";
constexpr char kGeneration[] = "tokenwarden_generation";
constexpr char kFingerprint[] = "tokenwarden_fingerprint";
constexpr char kEpoch[] = "tokenwarden_epoch";
constexpr char kCredential[] = "tokenwarden_credential";
constexpr char kKey[] = "tokenwarden_key";

constexpr std::size_t kMaxSlot = 100;  // leaves room for the word before it

std::string TextOf(const Texts& texts, const std::string& name) {
  const auto found = texts.find(name);
  return found == texts.end() ? "" : found->second;
}

std::optional<std::uint64_t> NumberOf(const Texts& texts, const std::string& name) {
  const std::string text = TextOf(texts, name);
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return number;
}

struct Marker {
  std::uint64_t epoch = 0;
  Generation generation = 0;
};

// What the credential itself left there.
std::optional<Marker> OwnMarker(const Texts& there, const PublishMarker& marker,
                                const std::string& key) {
  const std::string slot = SlotOf(there, key);
  const std::string credential = TextOf(there, kCredential + slot);
  if (!credential.empty() && credential != marker.credential) return std::nullopt;
  const auto epoch = NumberOf(there, kEpoch + slot);
  const auto generation = NumberOf(there, kGeneration + slot);
  if (!epoch && !generation) return std::nullopt;
  return Marker{epoch.value_or(0), generation.value_or(0)};
}

}  // namespace

Texts MarkersIn(const Json& data) {
  Texts markers;
  if (!data.is_object()) return markers;
  for (const auto& [name, value] : data.items()) {
    if (name.rfind(kPrefix, 0) == 0 && value.is_string()) markers[name] = value;
  }
  return markers;
}

std::string SlotOf(const Texts& there, const std::string& key) {
  const std::string first = TextOf(there, kKey);
  if (first.empty() || first == key) return "";
  if (key.size() <= kMaxSlot) return "." + key;
  const std::uint64_t digest = Fnv1a(key);
  return ".key-" + HexOf(static_cast<std::uint32_t>(digest >> 32)) +
         HexOf(static_cast<std::uint32_t>(digest));
}

Texts MarkersFor(const PublishMarker& marker, const std::string& key, const std::string& slot) {
  Texts markers = {{kGeneration + slot, std::to_string(marker.generation)},
                   {kFingerprint + slot, marker.fingerprint.text},
                   {kEpoch + slot, std::to_string(marker.epoch)},
                   {kCredential + slot, marker.credential}};
  if (slot.empty()) markers[kKey] = key;
  std::erase_if(markers, [](const auto& each) { return each.second.empty(); });
  return markers;
}

bool Holds(const Texts& there, const Texts& wanted) {
  for (const auto& [name, value] : wanted) {
    const auto found = there.find(name);
    if (found == there.end() || found->second != value) return false;
  }
  return true;
}

Status CheckFence(const Texts& there, const PublishMarker& marker, const std::string& key,
                  const std::string& target) {
  const std::optional<Marker> seen = OwnMarker(there, marker, key);
  if (!seen) return {};
  const bool deposed = seen->epoch > marker.epoch;
  const bool older = seen->epoch == marker.epoch && seen->generation > marker.generation;
  if (!deposed && !older) return {};
  return MakeError(
      ErrorKind::kAborted, deposed ? "newer_epoch" : "newer_generation",
      "Did not write generation " + std::to_string(marker.generation) + " to " + target +
          " in Vault: it is marked with generation " + std::to_string(seen->generation) +
          " of epoch " + std::to_string(seen->epoch) + ", and ours is epoch " +
          std::to_string(marker.epoch) + ".",
      "Nothing when another agent keeps it now. If none does, its markers are left over: remove "
      "tokenwarden_epoch and tokenwarden_generation (vault kv metadata patch "
      "-remove-custom-metadata=tokenwarden_epoch PATH).");
}

bool WasDisplaced(const Texts& there, const PublishMarker& marker, const std::string& key) {
  const std::optional<Marker> seen = OwnMarker(there, marker, key);
  if (!seen || seen->epoch < marker.epoch) return true;
  return seen->epoch == marker.epoch && seen->generation < marker.generation;
}

void Claims::Remember(const std::string& place, const PublishMarker& marker) {
  const std::lock_guard<std::mutex> lock(mutex_);
  claims_[place] = marker;
}

std::optional<PublishMarker> Claims::Find(const std::string& place) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = claims_.find(place);
  return found == claims_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tokenwarden::vault
