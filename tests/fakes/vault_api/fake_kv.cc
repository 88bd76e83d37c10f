#include "tests/fakes/vault_api/fake_kv.h"

#include <algorithm>
#include <utility>

namespace tokenwarden {
namespace {

using Json = nlohmann::json;

constexpr char kVersionedHint[] =
    "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API "
    "endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation.";

bool IsWrite(const std::string& method) { return method == "POST" || method == "PUT"; }

}  // namespace

FakeAnswer FakeData(Json data) {
  return {200,
          {{"request_id", "r"},
           {"data", std::move(data)},
           {"wrap_info", nullptr},
           {"warnings", nullptr},
           {"auth", nullptr}}};
}

FakeAnswer FakeErrors(int status, std::initializer_list<std::string> errors) {
  return {status, {{"errors", std::vector<std::string>(errors)}}};
}

FakeAnswer FakeKv::Handle(const Request& request) {
  if (version_ == 1) return HandleVersion1(request);
  const std::size_t slash = request.path.find('/');
  const std::string part = request.path.substr(0, slash);
  const std::string name = slash == std::string::npos ? "" : request.path.substr(slash + 1);
  if (part == "data" && request.method == "GET") return Read(name);
  if (part == "data" && (IsWrite(request.method) || request.method == "PATCH")) {
    return Write(name, request);
  }
  if (part == "metadata") return Metadata(name, request);
  if (part == "destroy") return Destroy(name, request);
  FakeAnswer answer = FakeErrors(404, {});
  answer.body["warnings"] = {kVersionedHint};
  return answer;
}

FakeAnswer FakeKv::HandleVersion1(const Request& request) {
  if (request.method == "GET") {
    const auto found = plain_.find(request.path);
    return found == plain_.end() ? FakeErrors(404, {}) : FakeData(found->second);
  }
  if (!IsWrite(request.method)) return FakeErrors(405, {"unsupported operation"});
  plain_[request.path] = request.body;
  return {};
}

Json FakeKv::About(const Entry& entry, std::int64_t version) {
  Json about = {{"version", version},
                {"created_time", "2026-11-28T07:10:51.14370362Z"},
                {"deletion_time", ""},
                {"destroyed", false},
                {"custom_metadata", entry.custom}};
  const auto found = entry.versions.find(version);
  if (found == entry.versions.end()) return about;
  if (found->second.deleted) about["deletion_time"] = "2026-11-28T07:10:51.14370362Z";
  about["destroyed"] = found->second.destroyed;
  return about;
}

FakeAnswer FakeKv::Read(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return FakeErrors(404, {});
  const Entry& entry = found->second;
  const std::int64_t seen = entry.current - lag_;
  const auto version = entry.versions.find(seen);
  if (version == entry.versions.end()) return FakeErrors(404, {});
  const bool gone = version->second.deleted || version->second.destroyed;
  FakeAnswer answer =
      FakeData({{"data", gone ? Json() : version->second.data}, {"metadata", About(entry, seen)}});
  if (gone) answer.status = 404;
  return answer;
}

void FakeKv::Add(Entry& entry, Json data) {
  entry.versions[++entry.current] = Version{std::move(data)};
  const int either = std::max(entry.max_versions, max_versions_);
  const std::size_t kept = static_cast<std::size_t>(either == 0 ? 10 : either);
  while (entry.versions.size() > kept) entry.versions.erase(entry.versions.begin());
}

FakeAnswer FakeKv::Write(const std::string& name, const Request& request) {
  if (!request.body.contains("data")) return FakeErrors(400, {"no data provided"});
  const auto found = entries_.find(name);
  const std::int64_t current = found == entries_.end() ? 0 : found->second.current;
  const Json options = request.body.value("options", Json::object());
  if (options.contains("cas") && options["cas"] != current) {
    return FakeErrors(400, {"check-and-set parameter did not match the current version"});
  }
  Entry& entry = entries_[name];
  Json data = request.body["data"];
  if (request.method == "PATCH") {
    Json whole = entry.versions[entry.current].data;
    whole.merge_patch(data);
    data = std::move(whole);
  }
  Add(entry, std::move(data));
  return FakeData(About(entry, entry.current));
}

FakeAnswer FakeKv::Metadata(const std::string& name, const Request& request) {
  const auto found = entries_.find(name);
  const bool exists = found != entries_.end();
  if (request.method == "GET") {
    if (!exists) return FakeErrors(404, {});
    Json versions = Json::object();
    for (const auto& [number, version] : found->second.versions) {
      versions[std::to_string(number)] = {{"destroyed", version.destroyed},
                                          {"deletion_time", version.deleted ? "t" : ""}};
    }
    return FakeData({{"versions", versions},
                     {"current_version", found->second.current},
                     {"max_versions", found->second.max_versions},
                     {"custom_metadata", found->second.custom}});
  }
  const bool patch = request.method == "PATCH";
  if (patch && !exists) return {404, nullptr};
  Entry& entry = entries_[name];
  if (request.body.contains("max_versions")) entry.max_versions = request.body["max_versions"];
  if (request.body.contains("custom_metadata")) {
    if (!patch || entry.custom.is_null()) entry.custom = Json::object();
    entry.custom.merge_patch(request.body["custom_metadata"]);
  }
  return {};
}

FakeAnswer FakeKv::Destroy(const std::string& name, const Request& request) {
  for (const Json& number : request.body["versions"]) {
    const auto version = entries_[name].versions.find(number.get<std::int64_t>());
    if (version == entries_[name].versions.end()) continue;
    version->second.destroyed = true;
    version->second.data = nullptr;
  }
  return {};
}

void FakeKv::Put(const std::string& name, const std::string& key, const Json& value) {
  if (version_ == 1) {
    plain_[name][key] = value;
    return;
  }
  Entry& entry = entries_[name];
  Json data = entry.current == 0 ? Json() : entry.versions[entry.current].data;
  if (!data.is_object()) data = Json::object();
  data[key] = value;
  Add(entry, std::move(data));
}

void FakeKv::Delete(const std::string& name) {
  Entry& entry = entries_.at(name);
  entry.versions[entry.current].deleted = true;
}

void FakeKv::DestroyNewest(const std::string& name) {
  Entry& entry = entries_.at(name);
  entry.versions[entry.current] = Version{nullptr, false, true};
}

void FakeKv::Erase(const std::string& name) { entries_.erase(name); }

std::optional<Json> FakeKv::Find(const std::string& name, const std::string& key) const {
  Json data;
  if (const auto plain = plain_.find(name); plain != plain_.end()) data = plain->second;
  if (const auto entry = entries_.find(name); entry != entries_.end()) {
    const auto version = entry->second.versions.find(entry->second.current);
    if (version != entry->second.versions.end() && !version->second.deleted) {
      data = version->second.data;
    }
  }
  if (!data.is_object() || !data.contains(key)) return std::nullopt;
  return data[key];
}

std::int64_t FakeKv::VersionOf(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? 0 : found->second.current;
}

std::map<std::string, std::string> FakeKv::MetadataOf(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.custom.is_null()) return {};
  return found->second.custom;
}

void FakeKv::SetMetadata(const std::string& name, const std::string& word,
                         const std::string& text) {
  Entry& entry = entries_[name];
  if (entry.custom.is_null()) entry.custom = Json::object();
  entry.custom[word] = text;
}

int FakeKv::ReadableVersions(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return 0;
  return static_cast<int>(std::count_if(found->second.versions.begin(),
                                        found->second.versions.end(),
                                        [](const auto& each) { return !each.second.destroyed; }));
}

}  // namespace tokenwarden
