// VaultStage: the adapter on a real Vault, with the real HTTP client and a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/adapters/vault/vault.h"
#include "tests/fakes/fake_clock.h"
#include "tests/servers/fixture/vault_server.h"

namespace tokenwarden::it {

inline std::unique_ptr<VaultServer>& SharedVault() {
  static std::unique_ptr<VaultServer> vault = VaultServer::StartDev();
  return vault;
}

class VaultStage : public testing::Test {
 protected:
  VaultStage() : server_(*SharedVault()) {
    static int count = 0;
    path_ = "secret/test-" + std::to_string(++count);
  }

  std::unique_ptr<vault::Vault> Connect(VaultAuthSpec auth) {
    VaultSpec spec;
    spec.address = server_.address();
    spec.ca_file = server_.ca_file();
    spec.auth = std::move(auth);
    vault::Options options;
    options.environment = [this](const char* name) -> const char* {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    };
    auto made = vault::Vault::Make(spec, *http_, clock_, *secrets_, std::move(options));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  // Logged in with this token.
  std::unique_ptr<vault::Vault> ConnectAs(const std::string& token) {
    room_.Write("token", token);
    VaultAuthSpec auth;
    auth.kind = VaultAuthSpec::Kind::kTokenFile;
    auth.token_file = room_.File("token");
    return Connect(std::move(auth));
  }

  SinkSpec SinkAt(const std::string& path, const std::string& key = "access_token") const {
    SinkSpec spec;
    spec.kind = SinkKind::kVault;
    spec.path = path;
    spec.key = key;
    return spec;
  }
  static PublishMarker Marker(Generation generation, std::uint64_t epoch = 0) {
    PublishMarker marker;
    marker.credential = "whatsapp";
    marker.generation = generation;
    marker.fingerprint.text = "hmac:" + std::to_string(generation);
    marker.epoch = epoch;
    return marker;
  }
  std::string Field(const std::string& path, const std::string& key) {
    return server_.Must({"kv", "get", "-field=" + key, path});
  }

  VaultServer& server_;
  TemporaryDirectory room_;
  std::map<std::string, std::string> environment_;
  FakeClock clock_{FromUnix(1795262400)};
  std::unique_ptr<curl::CurlHttpClient> http_ = curl::MakeHttpClient({});
  std::unique_ptr<SecretResolver> secrets_ = files::MakeSecretResolver("/");
  std::string path_;
};

}  // namespace tokenwarden::it
