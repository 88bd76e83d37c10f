#include "agent/adapters/vault/kv_sink.h"

#include <cstdlib>

namespace tokenwarden::vault {
namespace {

constexpr char kGeneration[] = "tokenwarden_generation";
constexpr char kFingerprint[] = "tokenwarden_fingerprint";
constexpr char kEpoch[] = "tokenwarden_epoch";

using Texts = std::map<std::string, std::string>;

Texts MarkersOf(const PublishMarker& marker) {
  return {{kGeneration, std::to_string(marker.generation)},
          {kFingerprint, marker.fingerprint.text},
          {kEpoch, std::to_string(marker.epoch)}};
}

std::uint64_t NumberAt(const Texts& texts, const char* name) {
  const auto found = texts.find(name);
  return found == texts.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
}

bool Holds(const Texts& texts, const Texts& wanted) {
  for (const auto& [name, value] : wanted) {
    const auto found = texts.find(name);
    if (found == texts.end() || found->second != value) return false;
  }
  return true;
}

Texts TextsOfData(const Json& data) {
  Texts texts;
  for (const char* name : {kGeneration, kFingerprint, kEpoch}) {
    if (data.contains(name) && data[name].is_string()) texts[name] = data[name];
  }
  return texts;
}

// A holder that was deposed must not write over its successor.
Status RefuseTheDeposed(const Texts& there, const PublishMarker& marker,
                        const std::string& target) {
  const std::uint64_t epoch = NumberAt(there, kEpoch);
  const std::uint64_t generation = NumberAt(there, kGeneration);
  const bool deposed = epoch > marker.epoch;
  const bool older = epoch == marker.epoch && generation > marker.generation;
  if (!deposed && !older) return {};
  return MakeError(
      ErrorKind::kAborted, deposed ? "newer_epoch" : "newer_generation",
      "Did not write generation " + std::to_string(marker.generation) + " to " + target +
          ": it holds generation " + std::to_string(generation) + " under epoch " +
          std::to_string(epoch) + ", and ours is epoch " + std::to_string(marker.epoch) + ".",
      deposed ? "nothing to do: another replica has taken over"
              : "if the agent's state was lost on purpose, remove the markers of this secret");
}

Result<Secret> ReadKey(Kv& kv, const std::string& path, const std::string& key) {
  Result<KvSecret> secret = kv.Read(path);
  if (!secret) return tl::unexpected<Error>(secret.error());
  std::optional<Secret> value = secret->At(key);
  if (value) return std::move(*value);
  const std::string start = "Read " + path + "#" + key + " in Vault: ";
  if (secret->exists && secret->data.contains(key)) {
    return MakeError(ErrorKind::kInvalidArgument, "not_text", start + "it is not a text.",
                     "Store the token itself, as a string.");
  }
  if (secret->exists) {
    return MakeError(ErrorKind::kNotFound, "no_such_key", start + "the secret has no such key.",
                     "Put the value there, or correct the key.");
  }
  return MakeError(ErrorKind::kNotFound, "no_such_path",
                   start + (secret->deleted ? "its newest version was deleted."
                                            : "there is no secret at that path."),
                   secret->deleted ? "Undelete it, or write it again."
                                   : "Put the value there, or correct the path.");
}

}  // namespace

Result<Secret> KvSource::Read() { return ReadKey(kv_, path_, key_); }

Result<Secret> KvSink::Read() { return ReadKey(kv_, spec_.path, spec_.key); }

Result<PublishReport> KvSink::Publish(const Secret& value, const PublishMarker& marker) {
  Result<Mount> mount = kv_.MountOf(spec_.path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  return mount->version == 2 ? PublishVersion2(value, marker) : PublishVersion1(value, marker);
}

Result<PublishReport> KvSink::PublishVersion2(const Secret& value, const PublishMarker& marker) {
  Result<KvSecret> there = kv_.Read(spec_.path);
  if (!there) return tl::unexpected<Error>(there.error());
  Status allowed = RefuseTheDeposed(there->metadata, marker, spec_.Target());
  if (!allowed) return tl::unexpected<Error>(allowed.error());
  const Texts markers = MarkersOf(marker);
  if (!Holds(there->metadata, markers)) {
    Status claimed = kv_.MergeMetadata(spec_.path, Json(markers));
    if (!claimed) return tl::unexpected<Error>(claimed.error());
  }
  const std::optional<Secret> held = there->At(spec_.key);
  if (held && held->EqualsInConstantTime(value)) {
    return PublishReport{PublishOutcome::kUnchanged, ""};
  }
  Json data = there->data;
  data[spec_.key] = std::string(value.Reveal());
  Result<KvSecret> written = kv_.Write(spec_.path, data, there->version);
  if (!written) return tl::unexpected<Error>(written.error());
  // Somebody who was about to be refused may have claimed it between our claim and our write.
  if (!Holds(written->metadata, markers)) {
    Status claimed = kv_.MergeMetadata(spec_.path, Json(markers));
    if (!claimed) return tl::unexpected<Error>(claimed.error());
  }
  return PublishReport{
      PublishOutcome::kWritten,
      there->deleted ? "the secret had been deleted; other keys it had are gone" : ""};
}

Result<PublishReport> KvSink::PublishVersion1(const Secret& value, const PublishMarker& marker) {
  Result<KvSecret> there = kv_.Read(spec_.path);
  if (!there) return tl::unexpected<Error>(there.error());
  Json data = there->data;
  if (spec_.markers) {
    Status allowed = RefuseTheDeposed(TextsOfData(data), marker, spec_.Target());
    if (!allowed) return tl::unexpected<Error>(allowed.error());
    for (const auto& [name, text] : MarkersOf(marker)) data[name] = text;
  }
  data[spec_.key] = std::string(value.Reveal());
  if (there->exists && data == there->data) return PublishReport{PublishOutcome::kUnchanged, ""};
  Result<KvSecret> written = kv_.Write(spec_.path, data, 0);
  if (!written) return tl::unexpected<Error>(written.error());
  return PublishReport{PublishOutcome::kWritten, ""};
}

}  // namespace tokenwarden::vault
