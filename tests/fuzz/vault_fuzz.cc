// What a Vault answers to a login, a read, a write and an unwrapping, in any shape.
#include "agent/adapters/vault/vault.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_places.h"
#include "tests/fuzz/replies.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

template <typename Value>
void RequireClean(const Result<Value>& result) {
  if (result) return;
  const std::string text = result.error().message + result.error().action;
  fuzz::Require(!result.error().reason.empty() && !text.empty(), "a failure says why");
  fuzz::Require(!fuzz::Holds(text, fuzz::FakeToken()), "and repeats no value");
  fuzz::Require(!fuzz::Holds(text, fuzz::FakeSecret()), "nor what it logged in with");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Replaying http(fuzz::Text(data, size));
  FakeClock clock(FromUnix(1795168800));
  FakePlaces places;
  places.Put("env ROLE", "role");
  places.Put("env SECRET", fuzz::FakeSecret());
  VaultSpec spec;
  spec.address = "https://vault.test:8200";
  spec.auth.kind = VaultAuthSpec::Kind::kAppRole;
  spec.auth.role_id = SecretRef{SecretRef::Kind::kEnv, "ROLE", ""};
  spec.auth.secret_id = SecretRef{SecretRef::Kind::kEnv, "SECRET", ""};
  const auto vault = vault::Vault::Make(spec, http, clock, places, {});
  fuzz::Require(vault.has_value(), "a Vault is made without asking it");
  RequireClean((*vault)->Resolve({SecretRef::Kind::kVault, "secret/a", "k"}));
  SinkSpec place;
  place.kind = SinkKind::kVault;
  place.path = "secret/a";
  place.key = "k";
  const auto sink = (*vault)->MakeSink(place);
  if (!sink) return 0;
  RequireClean((*sink)->Read());
  RequireClean((*sink)->Publish(Secret(fuzz::FakeToken()), {}));
  RequireClean((*sink)->Read());
  return 0;
}
