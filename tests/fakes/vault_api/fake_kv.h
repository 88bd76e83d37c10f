// FakeKv: one mount of Vault's key-value engine in memory, as a 1.21 server was seen to answer.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace tokenwarden {

struct FakeAnswer {
  int status = 204;
  nlohmann::json body;  // null: none
};
// The envelopes of Vault.
FakeAnswer FakeData(nlohmann::json data);
FakeAnswer FakeErrors(int status, std::initializer_list<std::string> errors);

// Not synchronised.
class FakeKv {
 public:
  using Json = nlohmann::json;

  struct Request {
    std::string method;
    std::string path;  // below the mount: `data/whatsapp`
    Json body;
  };

  explicit FakeKv(int version) : version_(version) {}
  int version() const { return version_; }
  FakeAnswer Handle(const Request& request);

  // ---- what others do and see ----
  void Put(const std::string& name, const std::string& key, const Json& value);
  void Delete(const std::string& name);  // the newest version, softly
  void DestroyNewest(const std::string& name);
  void Erase(const std::string& name);  // with its metadata
  std::optional<Json> Find(const std::string& name, const std::string& key) const;
  std::int64_t VersionOf(const std::string& name) const;
  std::map<std::string, std::string> MetadataOf(const std::string& name) const;
  void SetMetadata(const std::string& name, const std::string& word, const std::string& text);
  int ReadableVersions(const std::string& name) const;
  void KeepVersions(int versions) { max_versions_ = versions; }
  // Reads see what was there so many versions ago, as on a standby that is behind.
  void LagReads(int versions) { lag_ = versions; }

 private:
  struct Version {
    Json data;
    bool deleted = false;
    bool destroyed = false;
  };
  struct Entry {
    std::map<std::int64_t, Version> versions;
    std::int64_t current = 0;
    Json custom = nullptr;
    int max_versions = 0;
  };

  FakeAnswer HandleVersion1(const Request& request);
  FakeAnswer Read(const std::string& name);
  FakeAnswer Write(const std::string& name, const Request& request);
  FakeAnswer Metadata(const std::string& name, const Request& request);
  FakeAnswer Destroy(const std::string& name, const Request& request);
  void Add(Entry& entry, Json data);
  static Json About(const Entry& entry, std::int64_t version);

  const int version_;
  int max_versions_ = 0;
  int lag_ = 0;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Json> plain_;  // version 1
};

}  // namespace tokenwarden
