#include "agent/adapters/kubernetes/rollout.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace tokenwarden::kubernetes {
namespace {

constexpr int kTries = 5;  // the workload's controller writes its status now and then
constexpr const char* kFingerprints = "tokenwarden.dev/token-fingerprint";
constexpr const char* kRolledOutAt = "tokenwarden.dev/rolled-out-at";

std::map<std::string, std::string> FingerprintsIn(const Json& workload) {
  std::istringstream pairs(
      TextAt(workload, {"spec", "template", "metadata", "annotations", kFingerprints}));
  std::map<std::string, std::string> fingerprints;
  for (std::string pair; pairs >> pair;) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string::npos) fingerprints[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return fingerprints;
}

std::string Joined(const std::map<std::string, std::string>& fingerprints) {
  std::string text;
  for (const auto& [credential, fingerprint] : fingerprints) {
    if (!text.empty()) text += ' ';
    text += credential;
    text += '=';
    text += fingerprint;
  }
  return text;
}

// False when nothing changes by it.
bool Update(std::map<std::string, std::string>& fingerprints,
            const std::map<std::string, std::string>& wanted) {
  bool changed = false;
  for (const auto& [credential, fingerprint] : wanted) {
    changed = std::exchange(fingerprints[credential], fingerprint) != fingerprint || changed;
  }
  return changed;
}

// A time that lies further ahead than the interval comes from a wrong clock: it holds nobody back.
Instant AllowedAt(const Json& workload, Seconds min_interval, Instant now) {
  const std::optional<Instant> last =
      ParseUtc(TextAt(workload, {"metadata", "annotations", kRolledOutAt}));
  return last && *last <= now + min_interval ? *last + min_interval : now;
}

Json PatchFor(const Json& workload, const std::string& fingerprints, Instant now) {
  return {
      {"metadata",
       {{"resourceVersion", TextAt(workload, {"metadata", "resourceVersion"})},
        {"annotations", {{kRolledOutAt, FormatUtc(now)}}}}},
      {"spec", {{"template", {{"metadata", {{"annotations", {{kFingerprints, fingerprints}}}}}}}}}};
}

}  // namespace

Result<Workload> ParseWorkload(const std::string& text, const std::string& default_namespace) {
  const std::size_t last = text.rfind('/');
  if (last == std::string::npos) {
    return MakeError(ErrorKind::kInvalidArgument, "no_workload", "`" + text + "` names no workload",
                     "Write it as NAMESPACE/deployment/NAME, or with statefulset or daemonset.");
  }
  const std::size_t first = text.rfind('/', last - (last > 0 ? 1 : 0));
  const bool has_namespace = first != std::string::npos && first < last;
  const std::size_t kind_start = has_namespace ? first + 1 : 0;
  const std::string kind = text.substr(kind_start, last - kind_start);
  const std::string name_space = has_namespace ? text.substr(0, first) : default_namespace;
  for (const Resource& resource : kWorkloads) {
    if (kind != resource.kind && kind != resource.plural) continue;
    Result<ObjectName> object =
        ParseObjectName(name_space + "/" + text.substr(last + 1), default_namespace);
    if (!object) return tl::unexpected<Error>(object.error());
    return Workload{&resource, std::move(*object)};
  }
  return MakeError(ErrorKind::kInvalidArgument, "unknown_workload",
                   "`" + text + "` is no kind of workload whose pods can be replaced",
                   "Use a deployment, a statefulset or a daemonset.");
}

Result<std::optional<Instant>> RollOut(Client& client, const RolloutOrder& order) {
  Error error;
  for (int tries = 0; tries < kTries; ++tries) {
    ApiRequest get{Operation{"get", *order.workload.resource, order.workload.object}};
    get.timeout = order.timeout;
    const Result<WipedJson> workload = client.Ask(get);
    if (!workload) return tl::unexpected<Error>(workload.error());
    std::map<std::string, std::string> fingerprints = FingerprintsIn(workload->json);
    if (!Update(fingerprints, order.fingerprints)) return std::optional<Instant>();
    const Instant now = client.clock().Now();
    const Instant allowed_at = AllowedAt(workload->json, order.min_interval, now);
    if (now < allowed_at) return std::optional(allowed_at);
    ApiRequest patch{Operation{"patch", *order.workload.resource, order.workload.object}};
    patch.method = HttpRequest::Method::kPatch;
    patch.timeout = order.timeout;
    patch.query = {{"fieldManager", std::string(kFieldManager)}};
    patch.content_type = "application/merge-patch+json";
    patch.accept = kMetadataOnly;
    patch.body = Secret(PatchFor(workload->json, Joined(fingerprints), now).dump());
    const Result<WipedJson> patched = client.Ask(patch);
    if (patched) return std::optional<Instant>();
    error = patched.error();
    if (error.reason != "conflict") break;
  }
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace tokenwarden::kubernetes
