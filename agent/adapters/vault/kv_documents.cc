#include "agent/adapters/vault/kv_documents.h"

#include <cstdlib>

#include "agent/core/base64.h"

namespace tokenwarden::vault {
namespace {

constexpr char kKey[] = "document";
// The one before stays, so that a write that went wrong can be looked at; not ten, so that retired
// values do not stay readable.
constexpr int kVersions = 2;

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

Result<std::optional<Document>> KvDocuments::Read(const std::string& name) {
  const std::string path = PathOf(name);
  if (Status fit = NeedVersion2(path); !fit) return tl::unexpected<Error>(fit.error());
  Result<KvSecret> secret = kv_.Read(path);
  if (!secret) return tl::unexpected<Error>(secret.error());
  if (!secret->exists && !secret->deleted) return std::optional<Document>();
  std::optional<Secret> coded = secret->At(kKey);
  std::optional<Secret> bytes = coded ? FromBase64(coded->Reveal()) : std::nullopt;
  if (!bytes) {
    return MakeError(ErrorKind::kDataLoss, "damaged",
                     "Read " + path + " in Vault: what is there is not what was written.",
                     secret->deleted ? "Undelete its newest version."
                                     : "Roll it back to the version before: vault kv rollback.");
  }
  return Document{std::string(bytes->Reveal()), std::to_string(secret->version)};
}

Result<std::string> KvDocuments::Write(const std::string& name, const std::string& bytes,
                                       const std::optional<std::string>& expected) {
  const std::string path = PathOf(name);
  if (Status fit = NeedVersion2(path); !fit) return tl::unexpected<Error>(fit.error());
  const std::int64_t cas = expected ? std::strtoll(expected->c_str(), nullptr, 10) : 0;
  if (!expected) {
    // Before the first write, so that no version is ever kept longer than meant.
    Status limited = kv_.KeepVersions(path, kVersions);
    if (!limited) return tl::unexpected<Error>(limited.error());
  }
  Result<KvSecret> written = kv_.Write(path, {{kKey, ToBase64(bytes)}}, cas);
  if (!written) return tl::unexpected<Error>(written.error());
  return std::to_string(written->version);
}

}  // namespace tokenwarden::vault
