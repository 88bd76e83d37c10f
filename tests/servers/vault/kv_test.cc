// Secrets of a real Vault as places.
#include <nlohmann/json.hpp>

#include "tests/servers/vault/vault_stage.h"

namespace tokenwarden::it {
namespace {

using nlohmann::json;

class VaultSink : public VaultStage {
 protected:
  VaultSink() : vault_(ConnectAs(server_.root_token())) {}
  std::unique_ptr<Sink> Open(const SinkSpec& spec) {
    auto sink = vault_->MakeSink(spec);
    EXPECT_TRUE(sink) << sink.error().message;
    return std::move(*sink);
  }
  json Everything(const std::string& path) {
    return json::parse(server_.Must({"kv", "get", "-format=json", path}))["data"];
  }

  std::unique_ptr<vault::Vault> vault_;
};

TEST_F(VaultSink, WritesANewSecretWithItsMarkersAndReadsItBack) {
  auto sink = Open(SinkAt(path_));
  auto report = sink->Publish(Secret("first-value"), Marker(1, 7));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->outcome, PublishOutcome::kWritten);
  EXPECT_EQ(Field(path_, "access_token"), "first-value");
  const json custom = Everything(path_)["metadata"]["custom_metadata"];
  EXPECT_EQ(custom["tokenwarden_generation"], "1");
  EXPECT_EQ(custom["tokenwarden_epoch"], "7");
  EXPECT_EQ(custom["tokenwarden_fingerprint"], "hmac:1");
  auto held = sink->Read();
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(held->Reveal(), "first-value");
}

TEST_F(VaultSink, KeepsTheOtherKeysAndTheOtherMetadata) {
  server_.Must({"kv", "put", path_, "other=kept", "number=7"});
  server_.Must({"kv", "metadata", "put", "-custom-metadata=owner=team", path_});
  ASSERT_TRUE(Open(SinkAt(path_))->Publish(Secret("value"), Marker(1)));
  EXPECT_EQ(Field(path_, "other"), "kept");
  EXPECT_EQ(Everything(path_)["metadata"]["custom_metadata"]["owner"], "team");
}

TEST_F(VaultSink, WritesNoVersionWhenNothingChanges) {
  auto sink = Open(SinkAt(path_));
  ASSERT_TRUE(sink->Publish(Secret("value"), Marker(1)));
  auto again = sink->Publish(Secret("value"), Marker(1));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->outcome, PublishOutcome::kUnchanged);
  EXPECT_EQ(Everything(path_)["metadata"]["version"], 1);
}

TEST_F(VaultSink, RefusesAHolderThatWasDeposed) {
  auto sink = Open(SinkAt(path_));
  ASSERT_TRUE(sink->Publish(Secret("newest"), Marker(5, 3)));
  auto late = sink->Publish(Secret("stale"), Marker(6, 2));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kAborted);
  EXPECT_EQ(late.error().reason, "newer_epoch");
  auto older = sink->Publish(Secret("stale"), Marker(4, 3));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().reason, "newer_generation");
  EXPECT_EQ(Field(path_, "access_token"), "newest");
}

// A crash after the claim leaves the markers of a value that was never written.
TEST_F(VaultSink, CompletesWhatACrashAfterTheClaimLeft) {
  server_.Must({"kv", "put", path_, "access_token=old"});
  server_.Must({"kv", "metadata", "patch", "-custom-metadata=tokenwarden_generation=2",
                "-custom-metadata=tokenwarden_epoch=1", path_});
  auto sink = Open(SinkAt(path_));
  auto deposed = sink->Publish(Secret("late"), Marker(1, 0));
  ASSERT_FALSE(deposed);
  EXPECT_EQ(deposed.error().reason, "newer_epoch");
  ASSERT_TRUE(sink->Publish(Secret("new"), Marker(2, 1)));
  EXPECT_EQ(Field(path_, "access_token"), "new");
}

TEST_F(VaultSink, WritesAgainAfterItsSecretWasDeletedOrDestroyed) {
  auto sink = Open(SinkAt(path_));
  ASSERT_TRUE(sink->Publish(Secret("one"), Marker(1)));
  server_.Must({"kv", "delete", path_});
  auto gone = sink->Read();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(gone.error().message.find("deleted"), std::string::npos);
  auto report = sink->Publish(Secret("one"), Marker(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(report->note, "");
  server_.Must({"kv", "destroy", "-versions=2", path_});
  ASSERT_TRUE(sink->Publish(Secret("two"), Marker(2)));
  EXPECT_EQ(Field(path_, "access_token"), "two");
}

TEST_F(VaultSink, ServesVersionOneWithMarkersBesideTheValueOrWithoutThem) {
  server_.Vault({"secrets", "enable", "-path=kv1", "-version=1", "kv"});
  server_.Must({"kv", "put", "kv1/a", "other=kept"});
  auto sink = Open(SinkAt("kv1/a"));
  ASSERT_TRUE(sink->Publish(Secret("value"), Marker(3, 1)));
  EXPECT_EQ(Field("kv1/a", "other"), "kept");
  EXPECT_EQ(Field("kv1/a", "tokenwarden_generation"), "3");
  EXPECT_EQ(sink->Publish(Secret("stale"), Marker(4, 0)).error().reason, "newer_epoch");
  SinkSpec bare = SinkAt("kv1/b");
  bare.markers = false;
  ASSERT_TRUE(Open(bare)->Publish(Secret("value"), Marker(1)));
  EXPECT_EQ(server_.Must({"kv", "get", "-format=json", "kv1/b"}).find("tokenwarden"),
            std::string::npos);
}

TEST_F(VaultSink, NamesAMountThatIsNotThereAndAPolicyThatIsTooNarrow) {
  auto nowhere = Open(SinkAt("nowhere/a"))->Publish(Secret("v"), Marker(1));
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(nowhere.error().reason == "no_mount_or_no_access" ||
              nowhere.error().reason == "no_mount")
      << nowhere.error().reason;
  server_.Must({"policy", "write", "reader", "-"},
               "path \"secret/data/*\" { capabilities = [\"read\"] }");
  const json token =
      json::parse(server_.Must({"token", "create", "-policy=reader", "-format=json"}));
  auto narrow = ConnectAs(token["auth"]["client_token"]);
  auto refused = (*narrow->MakeSink(SinkAt(path_)))->Publish(Secret("v"), Marker(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "permission_denied");
  EXPECT_NE(refused.error().message.find(path_), std::string::npos) << refused.error().message;
}

TEST_F(VaultSink, AHumanInTheMiddleIsAConflictAndLosesNothing) {
  server_.Must({"kv", "put", path_, "other=1"});
  // Another client writes between our read and our write.
  class Meddler : public HttpClient {
   public:
    Meddler(HttpClient& real, VaultServer& server, std::string path)
        : real_(real), server_(server), path_(std::move(path)) {}
    Result<HttpReply> Send(const HttpRequest& request) override {
      const bool is_write = request.method == HttpRequest::Method::kPost &&
                            request.url.find("/data/") != std::string::npos;
      if (is_write && !done_) {
        done_ = true;
        server_.Must({"kv", "patch", path_, "other=2"});
      }
      return real_.Send(request);
    }
    HttpClient& real_;
    VaultServer& server_;
    std::string path_;
    bool done_ = false;
  } meddler(*http_, server_, path_);
  VaultSpec spec;
  spec.address = server_.address();
  spec.auth.kind = VaultAuthSpec::Kind::kTokenFile;
  spec.auth.token_file = room_.File("token");
  auto vault = *vault::Vault::Make(spec, meddler, clock_, *secrets_, {});
  auto sink = *vault->MakeSink(SinkAt(path_));
  auto first = sink->Publish(Secret("value"), Marker(1));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().reason, "conflict");
  ASSERT_TRUE(sink->Publish(Secret("value"), Marker(1)));
  EXPECT_EQ(Field(path_, "other"), "2");
  EXPECT_EQ(Field(path_, "access_token"), "value");
}

TEST_F(VaultSink, SourcesAndReferencesReadWhatIsThere) {
  server_.Must({"kv", "put", path_, "k=v"});
  SourceSpec source;
  source.kind = SourceKind::kVault;
  source.path = path_;
  source.key = "k";
  EXPECT_EQ((*vault_->MakeSource(source))->Read()->Reveal(), "v");
  EXPECT_EQ(vault_->Resolve({SecretRef::Kind::kVault, path_, "k"})->Reveal(), "v");
  EXPECT_EQ(vault_->Resolve({SecretRef::Kind::kVault, path_, "x"}).error().reason, "no_such_key");
}

TEST_F(VaultSink, DocumentsAreComparedAndSet) {
  auto documents = vault_->MakeDocumentStore(path_);
  EXPECT_FALSE(documents->Read("whatsapp")->has_value());
  auto first = documents->Write("whatsapp", "one", std::nullopt);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(documents->Write("whatsapp", "other", std::nullopt).error().reason, "conflict");
  auto second = documents->Write("whatsapp", std::string("two\0x", 5), *first);
  ASSERT_TRUE(second);
  EXPECT_EQ(documents->Write("whatsapp", "late", *first).error().reason, "conflict");
  auto read = documents->Read("whatsapp");
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->bytes, std::string("two\0x", 5));
  EXPECT_EQ((*read)->version, *second);
}

TEST_F(VaultSink, AStateKeyIsWrappedByTransitAndUnwrappedAgain) {
  server_.Vault({"secrets", "enable", "transit"});
  server_.Must({"write", "-f", "transit/keys/state"});
  TransitKeySpec spec;
  spec.key = "state";
  spec.wrapped_file = room_.File("wrapped");
  EXPECT_EQ(vault_->UnwrapStateKey(spec, false).error().reason, "no_wrapped_key");
  auto made = vault_->UnwrapStateKey(spec, true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 32u);
  EXPECT_EQ(room_.Read("wrapped").rfind("vault:v1:", 0), 0u);
  auto again = vault_->UnwrapStateKey(spec, false);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->EqualsInConstantTime(*made));
  server_.Must({"write", "-f", "transit/keys/other"});
  spec.key = "other";
  EXPECT_EQ(vault_->UnwrapStateKey(spec, false).error().kind, ErrorKind::kDataLoss);
}

}  // namespace
}  // namespace tokenwarden::it
