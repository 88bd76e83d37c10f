// What a Vault answers to a login, a read, a write, a document and an unwrapping, in any shape.
#include "agent/adapters/vault/vault.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_places.h"
#include "tests/fuzz/replies.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

VaultSpec Spec() {
  VaultSpec spec;
  spec.address = "https://vault.test:8200";
  spec.auth.kind = VaultAuthSpec::Kind::kAppRole;
  spec.auth.role_id = SecretRef{SecretRef::Kind::kEnv, "ROLE", ""};
  spec.auth.secret_id = SecretRef{SecretRef::Kind::kEnv, "SECRET", ""};
  return spec;
}

void KeepValue(vault::Vault& vault) {
  fuzz::RequireClean(vault.Resolve({SecretRef::Kind::kVault, "secret/a", "k"}));
  SinkSpec place;
  place.kind = SinkKind::kVault;
  place.path = "secret/a";
  place.key = "k";
  const auto sink = vault.MakeSink(place);
  fuzz::RequireClean(sink);
  if (!sink) return;
  fuzz::RequireClean((*sink)->Read());
  fuzz::RequireClean((*sink)->Publish(Secret(fuzz::FakeToken()), {}));
  fuzz::RequireClean((*sink)->Read());
}

void KeepDocument(vault::Vault& vault) {
  const auto documents = vault.MakeDocumentStore("secret/tokenwarden");
  const auto read = documents->Read("whatsapp");
  fuzz::RequireClean(read);
  const bool there = read && *read;
  fuzz::RequireClean(documents->Write(
      "whatsapp", "{}", there ? std::optional<std::string>((*read)->version) : std::nullopt));
}

void UnwrapKey(vault::Vault& vault) {
  const auto key = vault.UnwrapStateKey({"transit", "state", "wrapped"}, false);
  fuzz::RequireClean(key);
  fuzz::Require(!key || key->size() == 32, "a key has its length");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& talk : {KeepValue, KeepDocument, UnwrapKey}) {  // each begins at the first reply
    fuzz::Replaying http(fuzz::Text(data, size));
    FakeClock clock(FromUnix(1795168800));
    FakePlaces places;
    places.Put("env ROLE", "role");
    places.Put("env SECRET", fuzz::FakeSecret());
    places.Put("file wrapped", "vault:v1:wrapped");
    const auto vault = vault::Vault::Make(Spec(), http, clock, places, {});
    fuzz::Require(vault.has_value(), "a Vault is made without asking it");
    talk(**vault);
  }
  return 0;
}
