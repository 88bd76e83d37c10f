#include "agent/adapters/vault/kv.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "agent/adapters/vault/error_table.h"

namespace tokenwarden::vault {
namespace {

using Method = HttpRequest::Method;

// Before a new secret is made, its mount must have been looked at this shortly before.
constexpr std::chrono::seconds kFresh{60};

bool IsBelow(const std::string& path, const std::string& mount) {
  return path.size() > mount.size() && path.compare(0, mount.size(), mount) == 0;
}

// Vault's own client does the same: in a namespace the mount may be named with the namespace before
// it, which the path has not.
std::string MountWithin(std::string mount, const std::string& path) {
  while (!mount.empty() && !IsBelow(path, mount)) {
    const std::size_t slash = mount.find('/');
    mount = slash == std::string::npos ? "" : mount.substr(slash + 1);
  }
  return mount;
}

std::string InsideOf(const Mount& mount, const std::string& path) {
  return path.substr(mount.path.size());
}

// `data` of a version 2 answer: {data, metadata: {version, custom_metadata, …}}. Nullopt when it is
// none.
std::optional<KvSecret> FromVersion2(Answer& answer) {
  Json& body = answer.body.json;
  const Json& metadata = Below(body, "data", "metadata");
  const std::optional<std::int64_t> version = IntegerAt(metadata, "version");
  if (!version) return std::nullopt;
  KvSecret secret;
  secret.version = *version;
  secret.metadata = TextsOf(Below(metadata, "custom_metadata"));
  secret.exists = answer.status == 200 && Below(body, "data", "data").is_object();
  secret.deleted = !secret.exists;
  secret.data.json = secret.exists ? std::move(body["data"]["data"]) : Json::object();
  return secret;
}

std::optional<KvSecret> FromVersion1(Answer& answer) {
  if (answer.status != 200 || !Below(answer.body.json, "data").is_object()) return std::nullopt;
  KvSecret secret;
  secret.engine = 1;
  secret.exists = true;
  secret.data.json = std::move(answer.body.json["data"]);
  return secret;
}

KvSecret Nothing(int engine) {
  KvSecret secret;
  secret.engine = engine;
  secret.data.json = Json::object();
  return secret;
}

tl::unexpected<Error> IsWrapped(const std::string& attempted) {
  return MakeError(
      ErrorKind::kFailedPrecondition, "answer_wrapped",
      "Asked Vault to " + attempted + ": it wraps the answer, because a policy says so.",
      "Remove min_wrapping_ttl for this path from the policy of the agent's role.");
}

tl::unexpected<Error> MountChanged(const std::string& attempted) {
  return MakeError(ErrorKind::kUnavailable, "mount_changed",
                   "Asked Vault to " + attempted +
                       ": the answer is not that of the engine that was mounted there.",
                   "nothing to do: the mount is looked at again, and it is tried again");
}

}  // namespace

Status CheckPath(const std::string& path) {
  if (path.empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "no_path",
                     "Cannot use a Vault secret without a path.", "Write it as MOUNT/PATH#KEY.");
  }
  bool fits = true;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = std::string_view(path).substr(start, end - start);
    fits = fits && !segment.empty() && segment != "." && segment != ".." &&
           std::none_of(segment.begin(), segment.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    start = end + 1;
  }
  if (fits) return {};
  return MakeError(ErrorKind::kInvalidArgument, "bad_path",
                   "Cannot use the Vault path " + path +
                       ": a part of it is empty, a dot, two dots, or has a control character.",
                   "Write it as for `vault kv put`: MOUNT/PATH.");
}

std::optional<Secret> KvSecret::At(const std::string& key) const {
  const Json& value = Below(data.json, key);
  if (!value.is_string()) return std::nullopt;
  return Secret(value.get_ref<const std::string&>());
}

std::unique_lock<std::mutex> Kv::Lock(const std::string& path) {
  std::mutex* own = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::unique_ptr<std::mutex>& slot = locks_[path];
    if (!slot) slot = std::make_unique<std::mutex>();
    own = slot.get();
  }
  return std::unique_lock<std::mutex>(*own);
}

void Kv::Forget(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  mounts_.erase(std::remove_if(mounts_.begin(), mounts_.end(),
                               [&](const Mount& mount) { return IsBelow(path, mount.path); }),
                mounts_.end());
}

Result<Mount> Kv::MountOf(const std::string& path) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // No mount lies inside another.
    const auto known = std::find_if(mounts_.begin(), mounts_.end(),
                                    [&](const Mount& mount) { return IsBelow(path, mount.path); });
    if (known != mounts_.end()) return *known;
  }
  if (Status fit = CheckPath(path); !fit) return tl::unexpected<Error>(fit.error());
  return Detect(path);
}

Result<Mount> Kv::Detect(const std::string& path) {
  Call call;
  call.path = "sys/internal/ui/mounts/" + path;
  call.attempted = "find out what is mounted at " + path;
  const auto now = clock_.SteadyNow();
  Result<Answer> answer = session_.Ask(call);
  if (!answer) return tl::unexpected<Error>(answer.error());
  const Json& data = Below(answer->body.json, "data");
  const std::string type = TextAt(data, "type");
  Mount mount;
  mount.path = MountWithin(TextAt(data, "path"), path);
  mount.version = TextAt(Below(data, "options"), "version") == "2" ? 2 : 1;
  mount.detected_at = now;
  const bool is_kv = type == "kv" || type == "generic";
  if (mount.path.empty() || !is_kv) {
    return MakeError(ErrorKind::kInvalidArgument, "no_kv_path",
                     "Cannot use the Vault path " + path + ": " +
                         (is_kv ? "it names a mount and nothing in it."
                                : "what is mounted there is no key-value engine."),
                     "Write it as for `vault kv put`: MOUNT/PATH.");
  }
  Forget(path);
  const std::lock_guard<std::mutex> lock(mutex_);
  mounts_.push_back(mount);
  return mount;
}

Result<Call> Kv::CallFor(Method method, const std::string& path, const std::string& part,
                         std::string attempted) {
  Result<Mount> mount = MountOf(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  Call call;
  call.method = method;
  call.path =
      mount->path + (mount->version == 2 ? part + "/" : std::string()) + InsideOf(*mount, path);
  call.attempted = std::move(attempted);
  if (method == Method::kPatch) call.content_type = "application/merge-patch+json";
  return call;
}

Result<KvSecret> Kv::Read(const std::string& path) {
  for (int attempt = 0;; ++attempt) {
    Result<Mount> mount = MountOf(path);
    if (!mount) return tl::unexpected<Error>(mount.error());
    Result<Call> call = CallFor(Method::kGet, path, "data", "read " + path);
    if (!call) return tl::unexpected<Error>(call.error());
    Result<Answer> answer = session_.Send(*call);
    if (!answer) return tl::unexpected<Error>(answer.error());
    if (IsPlainAbsence(*answer)) return Nothing(mount->version);
    if (answer->status != 200 && answer->status != 404) {
      return tl::unexpected<Error>(Explain(*call, *answer));
    }
    if (!Below(answer->body.json, "wrap_info").is_null()) return IsWrapped(call->attempted);
    std::optional<KvSecret> secret =
        mount->version == 2 ? FromVersion2(*answer) : FromVersion1(*answer);
    if (secret) return std::move(*secret);
    // Another engine than the one we know: gone, upgraded, or mounted anew with another version.
    Forget(path);
    if (attempt == 0) continue;
    if (answer->status == 404) return tl::unexpected<Error>(Explain(*call, *answer));
    return MountChanged(call->attempted);
  }
}

Status Kv::CheckMount(const std::string& path, int engine, bool is_new) {
  Result<Mount> mount = MountOf(path);
  const bool stale = mount && clock_.SteadyNow() >= mount->detected_at + kFresh;
  if (is_new && stale) mount = Detect(path);
  if (!mount) return tl::unexpected<Error>(mount.error());
  if (mount->version == engine) return {};
  return MountChanged("write " + path);
}

Result<KvSecret> Kv::Write(const std::string& path, const Json& data, int engine,
                           std::int64_t cas) {
  Status same = CheckMount(path, engine, cas == 0);
  if (!same) return tl::unexpected<Error>(same.error());
  Result<Call> call = CallFor(Method::kPost, path, "data", "write " + path);
  if (!call) return tl::unexpected<Error>(call.error());
  if (engine == 2) {
    const WipedJson body(Json{{"options", {{"cas", cas}}}, {"data", data}});
    call->body = ToSecret(body.json);
  } else {
    call->body = ToSecret(data);
  }
  Result<Answer> answer = session_.Send(*call);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (!answer->IsSuccess()) {
    if (answer->status == 404) Forget(path);
    return tl::unexpected<Error>(Explain(*call, *answer));
  }
  KvSecret written = Nothing(engine);
  written.exists = true;
  if (engine == 1) return written;
  const Json& about = Below(answer->body.json, "data");
  const std::optional<std::int64_t> version = IntegerAt(about, "version");
  if (!version) {
    Forget(path);
    return MakeError(ErrorKind::kFailedPrecondition, "mount_changed",
                     "Asked Vault to write " + path + " (POST " + call->path +
                         "): it took the request for one of version 1 and stored it at " +
                         call->path + ".",
                     "Delete " + call->path + "; the value is in it.");
  }
  written.version = *version;
  written.metadata = TextsOf(Below(about, "custom_metadata"));
  return written;
}

Result<Texts> Kv::ReadMetadata(const std::string& path) {
  Result<Call> call = CallFor(Method::kGet, path, "metadata", "read the markers of " + path);
  if (!call) return tl::unexpected<Error>(call.error());
  Result<Answer> answer = session_.Send(*call);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (IsPlainAbsence(*answer)) return Texts();
  if (!answer->IsSuccess()) return tl::unexpected<Error>(Explain(*call, *answer));
  return TextsOf(Below(answer->body.json, "data", "custom_metadata"));
}

Status Kv::AskAbout(Result<Call> call, const Json& body) {
  if (!call) return tl::unexpected<Error>(call.error());
  call->body = ToSecret(body);
  Result<Answer> answer = session_.Ask(*call);
  return answer ? Status() : Status(tl::unexpected<Error>(answer.error()));
}

Status Kv::MergeMetadata(const std::string& path, const Texts& changes, const Texts& known) {
  const std::string attempted = "write the markers of " + path;
  if (!refuses_patch_) {
    const Json body{{"custom_metadata", changes}};
    Status patched = AskAbout(CallFor(Method::kPatch, path, "metadata", attempted), body);
    if (patched) return patched;
    // Not there yet, not allowed, or not known to an old server: then as a whole.
    const ErrorKind kind = patched.error().kind;
    const bool refused =
        kind == ErrorKind::kPermissionDenied || kind == ErrorKind::kFailedPrecondition;
    if (!refused && kind != ErrorKind::kNotFound) return patched;
    refuses_patch_ = refused;
  }
  Texts whole = known;
  for (const auto& [name, text] : changes) whole[name] = text;
  return AskAbout(CallFor(Method::kPost, path, "metadata", attempted),
                  {{"custom_metadata", whole}});
}

Status Kv::KeepVersions(const std::string& path, int versions) {
  return AskAbout(CallFor(Method::kPost, path, "metadata", "limit the versions kept of " + path),
                  {{"max_versions", versions}});
}

Result<std::vector<std::int64_t>> Kv::ReadableVersions(const std::string& path) {
  Result<Call> call = CallFor(Method::kGet, path, "metadata", "list the versions of " + path);
  if (!call) return tl::unexpected<Error>(call.error());
  Result<Answer> answer = session_.Ask(*call);
  if (!answer) return tl::unexpected<Error>(answer.error());
  const Json& versions = Below(answer->body.json, "data", "versions");
  std::vector<std::int64_t> readable;
  if (!versions.is_object()) return readable;
  for (const auto& [number, about] : versions.items()) {
    const bool gone = Below(about, "destroyed") == Json(true);
    if (!gone) readable.push_back(std::strtoll(number.c_str(), nullptr, 10));
  }
  std::sort(readable.begin(), readable.end());
  return readable;
}

Status Kv::Destroy(const std::string& path, const std::vector<std::int64_t>& versions) {
  return AskAbout(CallFor(Method::kPost, path, "destroy", "destroy old versions of " + path),
                  {{"versions", versions}});
}

}  // namespace tokenwarden::vault
