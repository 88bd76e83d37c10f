#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

// Reads files as the agent does.
class Files : public SecretResolver {
 public:
  Result<Secret> Resolve(const SecretRef& ref) override {
    if (ref.kind != SecretRef::Kind::kFile) return Secret("root");
    std::ifstream file(ref.locator, std::ios::binary);
    if (!file) return MakeError(ErrorKind::kNotFound, "no_such_file", "no file " + ref.locator);
    std::stringstream content;
    content << file.rdbuf();
    return Secret(content.str());
  }
};

class VaultTransit : public Stage {
 protected:
  VaultTransit() {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    spec_.key = "state";
    spec_.wrapped_file = directory_ + "/wrapped";
    VaultSpec spec;
    spec.address = "https://vault.example:8200";
    spec.auth = ByRoot();
    vault_ = *Vault::Make(spec, api_, clock_, files_, {});
  }
  ~VaultTransit() override { std::filesystem::remove_all(directory_); }
  int FilesThere() const {
    int files = 0;
    for (const auto& each : std::filesystem::directory_iterator(directory_)) {
      files += each.exists() ? 1 : 0;
    }
    return files;
  }

  std::string directory_ = testing::TempDir() + "transit.XXXXXX";
  Files files_;
  TransitKeySpec spec_;
  std::unique_ptr<Vault> vault_;
};

TEST_F(VaultTransit, MakesAKeyOnceAndUnwrapsItAgain) {
  const auto made = vault_->UnwrapStateKey(spec_, true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 32u);
  const auto status = std::filesystem::status(spec_.wrapped_file);
  EXPECT_EQ(status.permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(FilesThere(), 1);
  for (const bool may_create : {false, true}) {
    const auto again = vault_->UnwrapStateKey(spec_, may_create);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->EqualsInConstantTime(*made));
  }
  EXPECT_EQ(api_.CountSent("POST", "transit/datakey/wrapped/state"), 1);
}

TEST_F(VaultTransit, MakesNoneWhereAStateIsThatWasSealedWithOne) {
  const auto key = vault_->UnwrapStateKey(spec_, false);
  ExpectFails(key, ErrorKind::kNotFound, "no_wrapped_key");
  EXPECT_NE(key.error().message.find(spec_.wrapped_file), std::string::npos);
  EXPECT_EQ(FilesThere(), 0);
}

TEST_F(VaultTransit, RefusesAKeyThatAnotherTransitKeyWrapped) {
  ASSERT_TRUE(vault_->UnwrapStateKey(spec_, true));
  spec_.key = "other";
  ExpectFails(vault_->UnwrapStateKey(spec_, true), ErrorKind::kDataLoss, "wrong_key_or_damaged");
}

TEST_F(VaultTransit, RefusesADamagedFileAndDoesNotReplaceIt) {
  std::ofstream(spec_.wrapped_file) << "vault:v1";
  ExpectFails(vault_->UnwrapStateKey(spec_, true), ErrorKind::kDataLoss, "wrong_key_or_damaged");
  std::ofstream(spec_.wrapped_file) << "vault:v1:state:AAAA";
  ExpectFails(vault_->UnwrapStateKey(spec_, true), ErrorKind::kDataLoss, "wrong_key_or_damaged");
  EXPECT_EQ(files_.Resolve({SecretRef::Kind::kFile, spec_.wrapped_file, ""})->Reveal(),
            "vault:v1:state:AAAA");
}

TEST_F(VaultTransit, MakesNoKeyThatItCouldNotKeep) {
  spec_.wrapped_file = directory_ + "/missing/wrapped";
  const auto key = vault_->UnwrapStateKey(spec_, true);
  ExpectFails(key, ErrorKind::kPermissionDenied, "unwritable");
  EXPECT_NE(key.error().message.find(spec_.wrapped_file), std::string::npos);
}

TEST_F(VaultTransit, UsesTheKeyOfWhoeverWasFaster) {
  const std::string theirs = "vault:v1:state:" + std::string(42, 'B') + "A=";
  api_.Before("POST", "datakey/wrapped/state",
              [&] { std::ofstream(spec_.wrapped_file) << theirs; });
  const auto key = vault_->UnwrapStateKey(spec_, true);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(files_.Resolve({SecretRef::Kind::kFile, spec_.wrapped_file, ""})->Reveal(), theirs);
}

TEST_F(VaultTransit, KeepsTheWrappedKeyBesideAStateInVaultForEveryReplica) {
  spec_.wrapped_file.clear();
  const auto documents = vault_->MakeDocumentStore("secret/state");
  ExpectFails(vault_->UnwrapStateKey(spec_, false, documents.get()), ErrorKind::kNotFound,
              "no_wrapped_key");
  const auto made = vault_->UnwrapStateKey(spec_, true, documents.get());
  ASSERT_TRUE(made) << made.error().message;
  const auto replica = Connect(ByRoot());
  const auto same = replica->MakeDocumentStore("secret/state");
  const auto again = replica->UnwrapStateKey(spec_, true, same.get());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->EqualsInConstantTime(*made));
}

}  // namespace
}  // namespace tokenwarden::vault
