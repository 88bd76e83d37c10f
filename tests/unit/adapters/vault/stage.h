// Stage: the adapter on a Vault in memory, with a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "agent/adapters/vault/vault.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_places.h"
#include "tests/fakes/vault_api/fake_vault.h"

namespace tokenwarden::vault {

inline constexpr char kPath[] = "secret/a";
inline constexpr char kKey[] = "k";
inline constexpr char kLogin[] = "auth/approle/login";
inline constexpr char kRenew[] = "auth/token/renew-self";
inline constexpr char kLookUp[] = "auth/token/lookup-self";

class Stage : public testing::Test {
 protected:
  Stage() {
    places_.Put("env ROOT", "root");
    places_.Put("env ROLE", "role-id");
    places_.Put("env SECRET", "secret-id");
  }

  static VaultAuthSpec ByRoot() {
    VaultAuthSpec auth;
    auth.kind = VaultAuthSpec::Kind::kToken;
    auth.token = SecretRef{SecretRef::Kind::kEnv, "ROOT", ""};
    return auth;
  }
  static VaultAuthSpec ByAppRole() {
    VaultAuthSpec auth;
    auth.kind = VaultAuthSpec::Kind::kAppRole;
    auth.role_id = SecretRef{SecretRef::Kind::kEnv, "ROLE", ""};
    auth.secret_id = SecretRef{SecretRef::Kind::kEnv, "SECRET", ""};
    return auth;
  }
  static VaultAuthSpec ByTokenFile() {
    VaultAuthSpec auth;
    auth.kind = VaultAuthSpec::Kind::kTokenFile;
    auth.token_file = "/run/token";
    return auth;
  }
  // The server lets the role in for so long.
  void AllowAppRole(Seconds ttl, Seconds max_ttl = Seconds(0)) {
    api_.AllowLogin(kLogin, {{"role_id", "role-id"}, {"secret_id", "secret-id"}}, {ttl, max_ttl});
  }

  std::unique_ptr<Vault> Connect(VaultAuthSpec auth, Options options = {}) {
    VaultSpec spec;
    spec.address = "https://vault.example:8200/";
    spec.auth = std::move(auth);
    if (!options.environment) {
      options.environment = [](const char*) -> const char* { return nullptr; };
    }
    options.name = "replica";
    return *Vault::Make(spec, api_, clock_, places_, std::move(options));
  }
  // What a Vault reads at kPath#kKey.
  static Result<Secret> Read(Vault& vault) {
    return vault.Resolve({SecretRef::Kind::kVault, kPath, kKey});
  }
  static void ExpectReads(Vault& vault, const std::string& value) {
    Result<Secret> read = Read(vault);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->Reveal(), value);
  }
  template <typename T>
  static void ExpectFails(const Result<T>& result, ErrorKind kind, const std::string& reason) {
    ASSERT_FALSE(result);
    EXPECT_EQ(ToString(result.error().kind), ToString(kind)) << result.error().message;
    EXPECT_EQ(result.error().reason, reason) << result.error().message;
  }

  static SinkSpec SinkAt(const std::string& path = kPath, const std::string& key = kKey) {
    SinkSpec spec;
    spec.kind = SinkKind::kVault;
    spec.path = path;
    spec.key = key;
    return spec;
  }
  static PublishMarker Marker(Generation generation, std::uint64_t epoch = 0,
                              const std::string& credential = "whatsapp") {
    PublishMarker marker;
    marker.credential = credential;
    marker.generation = generation;
    marker.fingerprint.text = "hmac:" + std::to_string(generation);
    marker.epoch = epoch;
    return marker;
  }
  static Result<PublishReport> Publish(Vault& vault, const std::string& value,
                                       const PublishMarker& marker, const SinkSpec& spec) {
    return (*vault.MakeSink(spec))->Publish(Secret(value), marker);
  }
  static Result<PublishReport> Publish(Vault& vault, const std::string& value,
                                       const PublishMarker& marker) {
    return Publish(vault, value, marker, SinkAt());
  }
  std::string Held(const std::string& key = kKey) {
    return api_.kv().Find("a", key).value_or("(nothing)");
  }
  std::string MarkerHeld(const std::string& word) {
    const auto metadata = api_.kv().MetadataOf("a");
    const auto found = metadata.find("tokenwarden_" + word);
    return found == metadata.end() ? "(nothing)" : found->second;
  }

  FakeClock clock_{FromUnix(1795262400)};
  FakeVault api_{clock_};
  FakePlaces places_;
};

}  // namespace tokenwarden::vault
