#include "tests/e2e/replicas/secret_history.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "agent/core/base64.h"
#include "tests/integration/stage.h"

namespace tokenwarden::replicas {
namespace {

using Json = nlohmann::json;

std::uint64_t Number(const Json& annotations, const char* name) {
  const std::string text = annotations.value(std::string("tokenwarden.dev/") + name, "0");
  return std::stoull(text);
}

Version VersionIn(const Json& secret) {
  Version version;
  const std::string coded = secret.value("data", Json::object()).value(kKey, "");
  if (const std::optional<Secret> value = FromBase64(coded)) version.value = value->Reveal();
  const Json annotations = secret["metadata"].value("annotations", Json::object());
  version.fingerprint = annotations.value("tokenwarden.dev/fingerprint", "");
  version.generation = Number(annotations, "generation");
  version.epoch = Number(annotations, "epoch");
  return version;
}

}  // namespace

Version VersionOf(const std::string& secret_json) { return VersionIn(Json::parse(secret_json)); }

// etcd's watch as lines of JSON. Source: etcd, "API reference", Watch; its gRPC gateway.
SecretHistory::SecretHistory(const it::ControlPlane& cluster, const std::string& name_space) {
  const std::string prefix = "/registry/secrets/" + name_space + "/";
  std::string end = prefix;
  ++end.back();
  const Json wanted = {
      {"key", ToBase64(prefix)}, {"range_end", ToBase64(end)}, {"start_revision", 1}};
  const Ask ask{cluster.etcd_url() + "/v3/watch", {}, "", Json{{"create_request", wanted}}.dump()};
  thread_ = std::thread([this, ask] {
    FollowLines(
        ask, [this](const std::string& line) { return Take(line); }, [this] { return !ends_; });
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!ends_ && problem_.empty()) problem_ = "the watch of etcd ended";
  });
}

SecretHistory::~SecretHistory() {
  ends_ = true;
  thread_.join();
}

bool SecretHistory::Take(const std::string& line) {
  const Json answer = Json::parse(line, nullptr, false);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!answer.is_object() || !answer.contains("result") || answer["result"].contains("canceled")) {
    problem_ = "etcd answered with something else";
    return false;
  }
  for (const Json& event : answer["result"].value("events", Json::array())) {
    if (event.value("type", "PUT") != "PUT") problem_ = "a Secret was deleted";
    const std::optional<Secret> stored = FromBase64(event["kv"].value("value", ""));
    if (stored) TakeSecret(std::string(stored->Reveal()));
  }
  return problem_.empty();
}

void SecretHistory::TakeSecret(const std::string& json) {
  const Json secret = Json::parse(json, nullptr, false);
  if (!secret.is_object()) {
    problem_ = "the API server does not store JSON";
    return;
  }
  const std::string name = secret["metadata"]["name"];
  names_.insert(name);
  Version version = VersionIn(secret);
  if (version.value.empty()) return;
  version.at = std::chrono::steady_clock::now();
  values_.insert(version.value);
  versions_[name].push_back(std::move(version));
}

int SecretHistory::Rotations() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(values_.size()) - static_cast<int>(versions_.size());
}

std::map<std::string, std::vector<Version>> SecretHistory::SoFar() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return versions_;
}

std::map<std::string, std::vector<Version>> SecretHistory::UpTo(const std::string& marker) {
  const bool seen = it::Eventually(
      [&] {
        const std::lock_guard<std::mutex> lock(mutex_);
        return names_.count(marker) > 0 || !problem_.empty();
      },
      std::chrono::seconds(60));
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!problem_.empty()) throw std::runtime_error("no whole history of the Secrets: " + problem_);
  if (!seen) throw std::runtime_error("the watch of the Secrets does not come to its end");
  return versions_;
}

}  // namespace tokenwarden::replicas
