#include "agent/adapters/vault/kv_sink.h"

#include <utility>

#include "agent/core/utf8.h"

namespace tokenwarden::vault {
namespace {

// A standby may be behind by what it has not copied yet: asked this often, a second apart.
constexpr int kTries = 4;

tl::unexpected<Error> NothingThere(const std::string& start, const std::string& path,
                                   const KvSecret& secret) {
  const bool api_path = path.find("/data/") != std::string::npos;
  std::string action = "Put the value there, or correct the path.";
  if (api_path) action = "Leave `data/` out: write the path as for `vault kv put`.";
  if (secret.deleted) action = "Undelete it, or write it again.";
  return MakeError(ErrorKind::kNotFound, "no_such_path",
                   start + (secret.deleted ? "its newest version was deleted or destroyed."
                                           : "there is no secret at that path."),
                   std::move(action));
}

Result<Secret> ValueAt(const KvSecret& secret, const std::string& path, const std::string& key) {
  std::optional<Secret> value = secret.At(key);
  if (value) return std::move(*value);
  const std::string start = "Read " + path + "#" + key + " in Vault: ";
  if (!secret.exists) return NothingThere(start, path, secret);
  if (!secret.data.json.contains(key)) {
    return MakeError(ErrorKind::kNotFound, "no_such_key", start + "the secret has no such key.",
                     "Put the value there, or correct the key.");
  }
  return MakeError(ErrorKind::kInvalidArgument, "not_text", start + "it is not a text.",
                   "Store the token itself, as a string.");
}

// Vault replaces bytes that are no UTF-8 without a word.
Status CheckText(const Secret& value, const std::string& target) {
  std::string clean = CleanUtf8(value.Reveal());
  const bool is_text = clean == value.Reveal();
  WipeString(clean);
  if (is_text) return {};
  return MakeError(ErrorKind::kInvalidArgument, "not_text",
                   "Did not write to " + target + " in Vault: the value is not text (UTF-8).",
                   "Publish binary values to a file or a Kubernetes Secret.");
}

}  // namespace

Result<Secret> KvSource::Read() {
  Result<KvSecret> secret = kv_.Read(path_);
  if (!secret) return tl::unexpected<Error>(secret.error());
  return ValueAt(*secret, path_, key_);
}

Result<PublishReport> KvSink::Publish(const Secret& value, const PublishMarker& marker) {
  if (Status text = CheckText(value, spec_.Target()); !text) {
    return tl::unexpected<Error>(text.error());
  }
  const std::unique_lock<std::mutex> alone = kv_.Lock(spec_.path);
  Result<KvSecret> there = kv_.Read(spec_.path);
  if (!there) return tl::unexpected<Error>(there.error());
  return there->engine == 2 ? PublishVersion2(std::move(*there), value, marker)
                            : PublishVersion1(std::move(*there), value, marker);
}

Status KvSink::Claim(Texts& there, const PublishMarker& marker) {
  const Texts markers = MarkersFor(marker, spec_.key, SlotOf(there, spec_.key));
  if (!Holds(there, markers)) {
    Status claimed = kv_.MergeMetadata(spec_.path, markers, there);
    if (!claimed) return claimed;
    for (const auto& [name, text] : markers) there[name] = text;
  }
  claims_.Remember(spec_.Target(), marker);
  return {};
}

Result<KvSecret> KvSink::Write(const KvSecret& there, const Secret& value) {
  Result<KvSecret> written = kv_.Write(spec_.path, there.data.json, 2, there.version);
  if (written || written.error().reason != "conflict") return written;
  Result<KvSecret> now = kv_.Read(spec_.path);
  if (!now) return now;
  const std::optional<Secret> held = now->At(spec_.key);
  const bool ours = now->version == there.version + 1 && held && held->EqualsInConstantTime(value);
  return ours ? std::move(now) : std::move(written);
}

Result<PublishReport> KvSink::PublishVersion2(KvSecret there, const Secret& value,
                                              const PublishMarker& marker) {
  if (there.version == 0) {
    Status same = kv_.CheckMount(spec_.path, 2, true);
    if (!same) return tl::unexpected<Error>(same.error());
    Result<Texts> metadata = kv_.ReadMetadata(spec_.path);
    // Without the right to read it, it counts as empty.
    const bool denied = !metadata && metadata.error().kind == ErrorKind::kPermissionDenied;
    if (!metadata && !denied) return tl::unexpected<Error>(metadata.error());
    if (metadata) there.metadata = std::move(*metadata);
  }
  Status allowed = CheckFence(there.metadata, marker, spec_.key, spec_.Target());
  if (!allowed) return tl::unexpected<Error>(allowed.error());
  Status claimed = Claim(there.metadata, marker);
  if (!claimed) return tl::unexpected<Error>(claimed.error());

  const std::optional<Secret> held = there.At(spec_.key);
  if (held && held->EqualsInConstantTime(value)) {
    return PublishReport{PublishOutcome::kUnchanged, ""};
  }
  there.data.json[spec_.key] = std::string(value.Reveal());
  Result<KvSecret> written = Write(there, value);
  if (!written) return tl::unexpected<Error>(written.error());
  written_version_ = written->version;
  // Somebody who is about to be refused may have claimed it between our claim and our write, or
  // somebody with another key of a new secret.
  claimed = Claim(written->metadata, marker);
  if (!claimed) return tl::unexpected<Error>(claimed.error());
  return PublishReport{
      PublishOutcome::kWritten,
      there.deleted ? "the secret had been deleted; other keys it had are gone" : ""};
}

Result<PublishReport> KvSink::PublishVersion1(KvSecret there, const Secret& value,
                                              const PublishMarker& marker) {
  Json& data = there.data.json;
  const std::optional<Secret> held = there.At(spec_.key);
  bool news = !held || !held->EqualsInConstantTime(value);
  if (spec_.markers) {
    const Texts beside = MarkersIn(data);
    Status allowed = CheckFence(beside, marker, spec_.key, spec_.Target());
    if (!allowed) return tl::unexpected<Error>(allowed.error());
    const Texts markers = MarkersFor(marker, spec_.key, SlotOf(beside, spec_.key));
    news = news || !Holds(beside, markers);
    for (const auto& [name, text] : markers) data[name] = text;
  }
  if (!news) return PublishReport{PublishOutcome::kUnchanged, ""};
  data[spec_.key] = std::string(value.Reveal());
  Result<KvSecret> written = kv_.Write(spec_.path, data, 1, 0);
  if (!written) return tl::unexpected<Error>(written.error());
  return PublishReport{PublishOutcome::kWritten, ""};
}

// A claim of somebody who had been deposed, and did not know it, may have come after ours. It fails
// silently: the value is right, and the next look tries again.
void KvSink::PutClaimBack(const KvSecret& there) {
  const std::optional<PublishMarker> ours = claims_.Find(spec_.Target());
  if (!ours || there.version == 0 || !WasDisplaced(there.metadata, *ours, spec_.key)) return;
  const Texts markers = MarkersFor(*ours, spec_.key, SlotOf(there.metadata, spec_.key));
  static_cast<void>(kv_.MergeMetadata(spec_.path, markers, there.metadata));
}

Result<Secret> KvSink::Read() {
  for (int tries = 1;; ++tries) {
    Result<KvSecret> secret = kv_.Read(spec_.path);
    if (!secret) return tl::unexpected<Error>(secret.error());
    if (secret->version >= written_version_) {
      PutClaimBack(*secret);
      return ValueAt(*secret, spec_.path, spec_.key);
    }
    if (tries == kTries) {
      return MakeError(ErrorKind::kUnavailable, "behind",
                       "Read " + spec_.Target() +
                           " in Vault: the node that answered does not know "
                           "version " +
                           std::to_string(written_version_) + " yet, which was written.",
                       "nothing to do: it is tried again by itself");
    }
    kv_.Pause();
  }
}

}  // namespace tokenwarden::vault
