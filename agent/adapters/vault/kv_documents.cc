#include "agent/adapters/vault/kv_documents.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "agent/core/base64.h"

namespace tokenwarden::vault {
namespace {

constexpr char kKey[] = "document";
constexpr int kVersions = 2;
// A standby may be behind by what it has not copied yet: asked this often, a second apart.
constexpr int kTries = 4;

tl::unexpected<Error> Damaged(const std::string& path, bool deleted) {
  return MakeError(ErrorKind::kDataLoss, "damaged",
                   "Read " + path + " in Vault: " +
                       (deleted ? "its newest version was deleted or destroyed."
                                : "what is there is not what was written."),
                   deleted ? "Undelete its newest version."
                           : "Roll it back to the version before: vault kv rollback.");
}

std::optional<std::int64_t> NumberIn(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return number;
}

}  // namespace

Status KvDocuments::NeedVersion2(const std::string& path) {
  Result<Mount> mount = kv_.MountOf(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  if (mount->version == 2) return {};
  return MakeError(ErrorKind::kFailedPrecondition, "kv_version_1",
                   "Cannot keep the state at " + path + " in Vault: " + mount->path +
                       " is a key-value engine of version 1, which has no check-and-set.",
                   "Use a mount of version 2: vault secrets enable -version=2 -path=PATH kv");
}

KvDocuments::Known KvDocuments::KnownOf(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = known_.find(name);
  return found == known_.end() ? Known() : found->second;
}

void KvDocuments::Remember(const std::string& name, const Known& known) {
  const std::lock_guard<std::mutex> lock(mutex_);
  known_[name] = known;
}

Result<std::optional<Document>> KvDocuments::Read(const std::string& name) {
  const std::string path = PathOf(name);
  if (Status fit = NeedVersion2(path); !fit) return tl::unexpected<Error>(fit.error());
  const std::int64_t written = KnownOf(name).written;
  for (int tries = 1;; ++tries) {
    Result<KvSecret> secret = kv_.Read(path);
    if (!secret) return tl::unexpected<Error>(secret.error());
    if (secret->version < written && tries < kTries) {
      kv_.Pause();
      continue;
    }
    if (secret->version < written) {
      return MakeError(ErrorKind::kUnavailable, "behind",
                       "Read " + path + " in Vault: the node that answered does not know version " +
                           std::to_string(written) +
                           ", which was written, or the secret was made anew.",
                       "If somebody deleted it, restart the agent; otherwise it is tried again.");
    }
    if (!secret->exists && !secret->deleted) return std::optional<Document>();
    std::optional<Secret> coded = secret->At(kKey);
    std::optional<Secret> bytes = coded ? FromBase64(coded->Reveal()) : std::nullopt;
    if (!bytes) return Damaged(path, secret->deleted);
    return Document{std::string(bytes->Reveal()), std::to_string(secret->version)};
  }
}

Result<std::string> KvDocuments::Write(const std::string& name, const std::string& bytes,
                                       const std::optional<std::string>& expected) {
  const std::string path = PathOf(name);
  if (Status fit = NeedVersion2(path); !fit) return tl::unexpected<Error>(fit.error());
  const std::optional<std::int64_t> cas = expected ? NumberIn(*expected) : 0;
  if (!cas) {
    return MakeError(ErrorKind::kAborted, "conflict",
                     "Did not write " + path + " in Vault: " + *expected + " is no version of it.");
  }
  Status same = kv_.CheckMount(path, 2, !expected);
  if (!same) return tl::unexpected<Error>(same.error());
  if (!expected) {
    // Before the first write, so that no version is ever kept longer than meant.
    Status limited = kv_.KeepVersions(path, kVersions);
    if (!limited) return tl::unexpected<Error>(limited.error());
  }
  const std::string coded = ToBase64(bytes);
  Result<KvSecret> written = kv_.Write(path, {{kKey, coded}}, 2, *cas);
  if (!written && written.error().reason == "conflict") {
    // With ourselves, perhaps: a request goes out twice where a connection broke.
    Result<KvSecret> now = kv_.Read(path);
    const bool ours = now && now->version == *cas + 1 && Below(now->data.json, kKey) == Json(coded);
    if (!now || ours) written = std::move(now);
  }
  if (!written) return tl::unexpected<Error>(written.error());
  DestroyOld(name, written->version);
  return std::to_string(written->version);
}

// Its failure is none of the write, and the next write tries again.
void KvDocuments::DestroyOld(const std::string& name, std::int64_t newest) {
  Known known = KnownOf(name);
  known.written = std::max(known.written, newest);
  Remember(name, known);
  const std::int64_t oldest_kept = newest - kVersions + 1;
  if (oldest_kept <= 1 || (known.looked && !known.hoards)) return;
  std::vector<std::int64_t> old = {oldest_kept - 1};
  if (!known.looked) {
    Result<std::vector<std::int64_t>> readable = kv_.ReadableVersions(PathOf(name));
    if (!readable) return;
    old = std::move(*readable);
    std::erase_if(old, [&](std::int64_t version) { return version >= oldest_kept; });
    known.hoards = !old.empty();
  }
  known.looked = old.empty() || kv_.Destroy(PathOf(name), old).has_value();
  Remember(name, known);
}

}  // namespace tokenwarden::vault
