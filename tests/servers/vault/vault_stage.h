// VaultStage: the adapter on a real Vault, with the real HTTP client and a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/adapters/vault/vault.h"
#include "tests/fakes/fake_clock.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden::it {

// One server for every test that does not hurt it.
inline std::unique_ptr<VaultServer>& SharedVault() {
  static std::unique_ptr<VaultServer> vault = VaultServer::StartDev();
  return vault;
}

// Counts requests, and stands for a process that is killed at one of them.
class MortalClient : public HttpClient {
 public:
  explicit MortalClient(HttpClient& real) : real_(real) {}
  // From the so-many-th request on nothing is answered; that one is carried out or not.
  void DieAt(int request, bool carried_out) {
    last_ = count_ + request;
    carried_out_ = carried_out;
  }
  int count() const { return count_; }
  Result<HttpReply> Send(const HttpRequest& request) override {
    const int now = ++count_;
    if (last_ == 0 || now < last_) return real_.Send(request);
    if (now == last_ && carried_out_) static_cast<void>(real_.Send(request));
    return MakeError(ErrorKind::kUnavailable, "connection_lost", "this process was killed");
  }

 private:
  HttpClient& real_;
  std::atomic<int> count_{0};
  std::atomic<int> last_{0};
  std::atomic<bool> carried_out_{false};
};

// One process of ours.
class VaultClient {
 public:
  std::unique_ptr<vault::Vault> Connect(const VaultSpec& spec) { return Connect(spec, *http_); }
  std::unique_ptr<vault::Vault> Connect(const VaultSpec& spec, HttpClient& http) {
    vault::Options options;
    options.environment = [this](const char* name) -> const char* {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    };
    options.jwt_file = room_.File("pod-token");
    auto made = vault::Vault::Make(spec, http, clock_, *secrets_, std::move(options));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  // Logged in with this token.
  VaultSpec SpecFor(const VaultServer& server, const std::string& token) {
    VaultSpec spec;
    spec.address = server.address();
    spec.ca_file = server.ca_file();
    spec.auth.kind = VaultAuthSpec::Kind::kTokenFile;
    spec.auth.token_file = room_.Write("token", token);
    return spec;
  }
  SecretRef File(const std::string& name, const std::string& content) {
    return {SecretRef::Kind::kFile, room_.Write(name, content), ""};
  }

  TemporaryDirectory room_;
  std::map<std::string, std::string> environment_;
  FakeClock clock_{FromUnix(1795262400)};
  std::unique_ptr<curl::CurlHttpClient> http_ = curl::MakeHttpClient({});
  std::unique_ptr<SecretResolver> secrets_ = files::MakeSecretResolver("/");
};

inline SinkSpec SinkAt(const std::string& path, const std::string& key = "access_token") {
  SinkSpec spec;
  spec.kind = SinkKind::kVault;
  spec.path = path;
  spec.key = key;
  return spec;
}
inline PublishMarker MarkerOf(Generation generation, std::uint64_t epoch = 0,
                              const std::string& credential = "whatsapp") {
  PublishMarker marker;
  marker.credential = credential;
  marker.generation = generation;
  marker.fingerprint.text = "hmac:" + std::to_string(generation);
  marker.epoch = epoch;
  return marker;
}
inline Result<PublishReport> Publish(vault::Vault& vault, const SinkSpec& spec,
                                     const std::string& value, const PublishMarker& marker) {
  return (*vault.MakeSink(spec))->Publish(Secret(value), marker);
}

// Of an application: everything below `secret/`.
inline constexpr char kPolicy[] =
    "path \"secret/*\" { capabilities = [\"create\", \"read\", \"update\", \"patch\", \"list\"] }";

inline Result<Secret> ReadAt(vault::Vault& vault, const std::string& path) {
  return vault.Resolve({SecretRef::Kind::kVault, path, "k"});
}
inline void ExpectReadsAt(vault::Vault& vault, const std::string& path) {
  Result<Secret> value = ReadAt(vault, path);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->Reveal(), "v");
}

class VaultStage : public testing::Test, protected VaultClient {
 protected:
  VaultStage() : server_(*SharedVault()) {
    static int count = 0;
    path_ = "secret/test-" + std::to_string(++count);
  }

  std::unique_ptr<vault::Vault> ConnectBy(VaultAuthSpec auth) {
    VaultSpec spec;
    spec.address = server_.address();
    spec.auth = std::move(auth);
    return Connect(spec);
  }
  std::unique_ptr<vault::Vault> ConnectAs(const std::string& token) {
    return Connect(SpecFor(server_, token));
  }
  // A token with a policy of its own, made of HCL.
  std::string TokenWith(const std::string& name, const std::string& policy) {
    server_.Must({"policy", "write", name, "-"}, policy);
    return NewToken({"-policy=" + name});
  }
  std::string NewToken(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"token", "create", "-format=json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return nlohmann::json::parse(server_.Must(arguments))["auth"]["client_token"];
  }

  std::string Field(const std::string& path, const std::string& key) {
    return server_.Must({"kv", "get", "-field=" + key, path});
  }
  nlohmann::json Everything(const std::string& path) {
    return nlohmann::json::parse(server_.Must({"kv", "get", "-format=json", path}))["data"];
  }
  std::string MarkerAt(const std::string& path, const std::string& word) {
    const nlohmann::json custom = Everything(path)["metadata"]["custom_metadata"];
    return custom.is_object() ? custom.value("tokenwarden_" + word, "") : "";
  }

  VaultServer& server_;
  std::string path_;
};

}  // namespace tokenwarden::it
