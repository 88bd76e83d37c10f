#include "agent/adapters/kubernetes/sighting.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "agent/adapters/kubernetes/client.h"
#include "agent/core/hash.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr std::size_t kMaxSlot = 40;  // leaves room for the word before it

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string FurtherManager(const std::string& key) {
  return std::string(kFieldManager) + ":" + SlotOf(key);
}

std::string AnnotationName(const std::string& word, const std::string& manager,
                           const std::string& key) {
  const std::string name = "tokenwarden.dev/" + word;
  return manager == kFieldManager ? name : name + "." + SlotOf(key);
}

std::optional<std::uint64_t> NumberIn(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return number;
}

// The keys of `data` that a manager applied; nullptr when it did not.
const Json* AppliedKeys(const Json& object, std::string_view manager) {
  const Json* entries = At(object, {"metadata", "managedFields"});
  if (entries == nullptr || !entries->is_array()) return nullptr;
  for (const Json& entry : *entries) {
    if (TextAt(entry, {"manager"}) == manager && TextAt(entry, {"operation"}) == "Apply") {
      return At(entry, {"fieldsV1", "f:data"});
    }
  }
  return nullptr;
}

std::string ManagerOf(const Json& object, const std::string& key) {
  const std::string further = FurtherManager(key);
  if (AppliedKeys(object, further) != nullptr) return further;
  const Json* first = AppliedKeys(object, kFieldManager);
  const bool free = first == nullptr || first->empty() || first->contains("f:" + key);
  return free ? std::string(kFieldManager) : further;
}

std::optional<Marker> ReadMarker(const Json& object, const std::string& manager,
                                 const std::string& key) {
  const auto text = [&](const char* word) {
    return TextAt(object, {"metadata", "annotations", AnnotationName(word, manager, key)});
  };
  const std::optional<std::uint64_t> epoch = NumberIn(text("epoch"));
  const std::optional<std::uint64_t> generation = NumberIn(text("generation"));
  if (!epoch || !generation) return std::nullopt;
  return Marker{*epoch, *generation, text("fingerprint"), text("credential")};
}

tl::unexpected<Error> Deposed(const SecretKey& place, const std::string& word,
                              const std::string& seen) {
  return MakeError(ErrorKind::kAborted, "newer_" + word,
                   "did not write " + ToString(place) + ": " + seen,
                   "Nothing when another agent keeps it now. If none does, its marker is left "
                   "over: kubectl -n " +
                       place.secret.name_space + " annotate secret " + place.secret.name +
                       " tokenwarden.dev/" + word + "-");
}

}  // namespace

std::string SlotOf(const std::string& key) {
  if (key.size() <= kMaxSlot && IsLetterOrDigit(key.back())) return key;
  const std::uint64_t digest = Fnv1a(key);
  return "key-" + HexOf(static_cast<std::uint32_t>(digest >> 32)) +
         HexOf(static_cast<std::uint32_t>(digest));
}

std::string ToString(const SecretKey& place) { return ToString(place.secret) + "#" + place.key; }

Marker MarkerOf(const PublishMarker& marker) {
  return {marker.epoch, marker.generation, marker.fingerprint.text, marker.credential};
}

Sighting Look(const Json& object, const std::string& key) {
  Sighting seen;
  seen.uid = TextAt(object, {"metadata", "uid"});
  seen.resource_version = TextAt(object, {"metadata", "resourceVersion"});
  seen.manager = ManagerOf(object, key);
  seen.marker = ReadMarker(object, seen.manager, key);
  return seen;
}

std::map<std::string, std::string> AnnotationsFor(const Sighting& sighting, const std::string& key,
                                                  const Marker& marker) {
  const std::pair<const char*, std::string> words[] = {
      {"epoch", std::to_string(marker.epoch)},
      {"generation", std::to_string(marker.generation)},
      {"fingerprint", marker.fingerprint},
      {"credential", marker.credential},
  };
  std::map<std::string, std::string> annotations;
  for (const auto& [word, text] : words) {
    annotations[AnnotationName(word, sighting.manager, key)] = text;
  }
  return annotations;
}

Status CheckFence(const SecretKey& place, const Sighting& seen, const Marker& ours) {
  if (!seen.marker) return {};
  const Marker& theirs = *seen.marker;
  if (!theirs.credential.empty() && theirs.credential != ours.credential) return {};
  if (theirs.epoch > ours.epoch) {
    return Deposed(place, "epoch",
                   "it was written under epoch " + std::to_string(theirs.epoch) + ", and ours is " +
                       std::to_string(ours.epoch));
  }
  if (theirs.epoch == ours.epoch && theirs.generation > ours.generation) {
    return Deposed(place, "generation",
                   "it holds generation " + std::to_string(theirs.generation) + ", and this is " +
                       std::to_string(ours.generation));
  }
  return {};
}

}  // namespace tokenwarden::kubernetes
