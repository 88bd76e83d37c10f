#include "agent/adapters/vault/kv.h"

#include <utility>

#include "agent/adapters/vault/error_table.h"

namespace tokenwarden::vault {
namespace {

using Method = HttpRequest::Method;

std::string WithoutSlashes(std::string path) {
  while (!path.empty() && path.front() == '/') path.erase(0, 1);
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path;
}

Call CallFor(Method method, std::string api_path, std::string attempted) {
  Call call;
  call.method = method;
  call.path = EncodePath(api_path);
  call.attempted = std::move(attempted);
  return call;
}

bool SaysItIsVersioned(const std::string& body) {
  return body.find("versioned K/V secrets engine") != std::string::npos;
}

std::map<std::string, std::string> TextsOf(const Json& json) {
  std::map<std::string, std::string> texts;
  if (!json.is_object()) return texts;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) texts[name] = value.get<std::string>();
  }
  return texts;
}

// `data` of a version 2 answer: {data, metadata: {version, custom_metadata, …}}.
KvSecret FromVersion2(const Json& data) {
  KvSecret secret;
  const Json& metadata = Below(data, "metadata");
  if (Below(metadata, "version").is_number_integer()) secret.version = metadata["version"];
  secret.metadata = TextsOf(Below(metadata, "custom_metadata"));
  secret.exists = Below(data, "data").is_object();
  secret.deleted = !secret.exists && secret.version > 0;
  if (secret.exists) secret.data = data["data"];
  return secret;
}

}  // namespace

std::optional<Secret> KvSecret::At(const std::string& key) const {
  if (!data.contains(key) || !data[key].is_string()) return std::nullopt;
  return Secret(data[key].get_ref<const std::string&>());
}

std::string Kv::ApiPath(const Mount& mount, const std::string& path, const std::string& part) {
  const std::string inside = WithoutSlashes(path).substr(mount.path.size());
  return mount.path + (mount.version == 2 ? part + "/" : "") + inside;
}

void Kv::Forget(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  mounts_.erase(path);
}

Result<Mount> Kv::MountOf(const std::string& path) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = mounts_.find(path);
    if (known != mounts_.end()) return known->second;
  }
  const std::string clean = WithoutSlashes(path);
  Result<HttpReply> reply = session_.Ask(CallFor(Method::kGet, "sys/internal/ui/mounts/" + clean,
                                                 "find out what is mounted at " + path));
  if (!reply) return tl::unexpected<Error>(reply.error());
  const Json body = ParseObject(reply->body);
  Mount mount;
  mount.path = TextAt(Below(body, "data"), "path");
  mount.version = TextAt(Below(body, "data", "options"), "version") == "2" ? 2 : 1;
  const std::string type = TextAt(Below(body, "data"), "type");
  const bool inside = clean.size() > mount.path.size() && clean.rfind(mount.path, 0) == 0;
  if (mount.path.empty() || !inside || (type != "kv" && type != "generic")) {
    return MakeError(ErrorKind::kInvalidArgument, "no_kv_path",
                     "Cannot use the Vault path " + path + ": " +
                         (inside ? "what is mounted there is no key-value engine."
                                 : "it names a mount and nothing in it."),
                     "Write it as for `vault kv put`: MOUNT/PATH.");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  mounts_[path] = mount;
  return mount;
}

Result<KvSecret> Kv::Read(const std::string& path) {
  Result<Mount> mount = MountOf(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  const std::string attempted = "read " + path;
  Result<HttpReply> reply =
      session_.Send(CallFor(Method::kGet, ApiPath(*mount, path, "data"), attempted));
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status == 404 && SaysItIsVersioned(reply->body)) {
    Forget(path);  // it was upgraded to version 2 since
    return MakeError(ErrorKind::kUnavailable, "upgrading",
                     "Asked Vault to " + attempted + ": the mount has changed its version.",
                     "nothing to do: it is tried again by itself");
  }
  if (reply->status != 200 && reply->status != 404) {
    return tl::unexpected<Error>(ExplainReply(*reply, attempted));
  }
  const Json body = ParseObject(reply->body);
  WipeString(reply->body);
  if (mount->version == 2) return FromVersion2(Below(body, "data"));
  KvSecret secret;
  secret.exists = Below(body, "data").is_object();
  if (secret.exists) secret.data = body["data"];
  return secret;
}

Result<KvSecret> Kv::Write(const std::string& path, const Json& data, std::int64_t cas) {
  Result<Mount> mount = MountOf(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  Call call = CallFor(Method::kPost, ApiPath(*mount, path, "data"), "write " + path);
  call.body = mount->version == 2 ? ToSecret({{"options", {{"cas", cas}}}, {"data", data}})
                                  : ToSecret(data);
  Result<HttpReply> reply = session_.Ask(call);
  if (!reply) return tl::unexpected<Error>(reply.error());
  KvSecret written;
  written.exists = true;
  const Json body = ParseObject(reply->body);
  if (Below(body, "data", "version").is_number_integer()) {
    written.version = body["data"]["version"];
    written.metadata = TextsOf(Below(body, "data", "custom_metadata"));
  }
  return written;
}

Status Kv::MergeMetadata(const std::string& path, const Json& custom_metadata) {
  Result<Mount> mount = MountOf(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  Call call =
      CallFor(Method::kPatch, ApiPath(*mount, path, "metadata"), "write the markers of " + path);
  call.body = ToSecret({{"custom_metadata", custom_metadata}});
  call.content_type = "application/merge-patch+json";
  Result<HttpReply> reply = session_.Send(call);
  if (reply && reply->status == 404) {  // nothing was ever written there
    call.method = Method::kPost;
    call.content_type = "application/json";
    reply = session_.Send(call);
  }
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status / 100 == 2) return {};
  return tl::unexpected<Error>(ExplainReply(*reply, call.attempted));
}

Status Kv::KeepVersions(const std::string& path, int versions) {
  Result<Mount> mount = MountOf(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  Call call = CallFor(Method::kPost, ApiPath(*mount, path, "metadata"),
                      "limit the versions that are kept of " + path);
  call.body = ToSecret({{"max_versions", versions}});
  Result<HttpReply> reply = session_.Ask(call);
  return reply ? Status() : Status(tl::unexpected<Error>(reply.error()));
}

}  // namespace tokenwarden::vault
