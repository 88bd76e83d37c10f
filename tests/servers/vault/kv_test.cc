// Secrets of a real Vault as places, and documents.
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
  Result<PublishReport> PublishHere(const std::string& value, const PublishMarker& marker) {
    return Publish(*vault_, SinkAt(path_), value, marker);
  }
  void MustPublish(const std::string& value, const PublishMarker& marker) {
    const auto report = PublishHere(value, marker);
    ASSERT_TRUE(report) << report.error().message;
  }
  static void ExpectRefused(const Result<PublishReport>& report, const std::string& reason) {
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().reason, reason) << report.error().message;
  }

  std::unique_ptr<vault::Vault> vault_;
};

TEST_F(VaultSink, WritesANewSecretWithItsMarkersAndReadsItBack) {
  auto sink = Open(SinkAt(path_));
  auto report = sink->Publish(Secret("first-value"), MarkerOf(1, 7));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->outcome, PublishOutcome::kWritten);
  EXPECT_EQ(Field(path_, "access_token"), "first-value");
  EXPECT_EQ(MarkerAt(path_, "generation"), "1");
  EXPECT_EQ(MarkerAt(path_, "epoch"), "7");
  EXPECT_EQ(MarkerAt(path_, "fingerprint"), "hmac:1");
  EXPECT_EQ(MarkerAt(path_, "credential"), "whatsapp");
  auto held = sink->Read();
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(held->Reveal(), "first-value");
}

TEST_F(VaultSink, KeepsTheOtherKeysAndTheOtherMetadata) {
  server_.Must({"kv", "put", path_, "-"},
               R"({"other":"kept","number":7,"list":[1,2.5,null],"html":"<&>"})");
  server_.Must({"kv", "metadata", "put", "-custom-metadata=owner=team", "-max-versions=5", path_});
  const json before = Everything(path_)["data"];
  MustPublish("value", MarkerOf(1));
  json after = Everything(path_)["data"];
  after.erase("access_token");
  EXPECT_EQ(after, before);
  EXPECT_EQ(Everything(path_)["metadata"]["custom_metadata"]["owner"], "team");
  EXPECT_EQ(json::parse(server_.Must(
                {"kv", "metadata", "get", "-format=json", path_}))["data"]["max_versions"],
            5);
}

// Vault rounds integers above 2^53 when it reads, so nobody sees a change when they are written
// back.
TEST_F(VaultSink, ShowsOthersTheSameNumbersAsBefore) {
  server_.Must({"kv", "put", path_, "-"}, R"({"big":12345678901234567890,"f":1e21})");
  const json before = Everything(path_)["data"];
  MustPublish("value", MarkerOf(1));
  EXPECT_EQ(Everything(path_)["data"]["big"], before["big"]);
  EXPECT_EQ(Everything(path_)["data"]["f"], before["f"]);
}

TEST_F(VaultSink, KeepsTheMetadataOfASecretThatWasNeverWritten) {
  server_.Must({"kv", "metadata", "put", "-custom-metadata=owner=team", path_});
  MustPublish("value", MarkerOf(1));
  EXPECT_EQ(Everything(path_)["metadata"]["custom_metadata"]["owner"], "team");
  EXPECT_EQ(MarkerAt(path_, "generation"), "1");
}

TEST_F(VaultSink, WritesNoVersionWhenNothingChanges) {
  MustPublish("value", MarkerOf(1));
  auto again = PublishHere("value", MarkerOf(1));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->outcome, PublishOutcome::kUnchanged);
  EXPECT_EQ(Everything(path_)["metadata"]["version"], 1);
}

TEST_F(VaultSink, SpendsFourRequestsOnAGenerationWithItsReadBackAndTwoOnNone) {
  MortalClient counter(*http_);
  const auto vault = Connect(SpecFor(server_, server_.root_token()), counter);
  ASSERT_TRUE(Publish(*vault, SinkAt(path_), "one", MarkerOf(1)));
  EXPECT_EQ(counter.count(), 7);  // token, mount, data, metadata, PATCH, POST, data
  for (Generation generation = 2; generation <= 4; ++generation) {
    const int before = counter.count();
    const auto sink = *vault->MakeSink(SinkAt(path_));
    ASSERT_TRUE(sink->Publish(Secret(std::to_string(generation)), MarkerOf(generation)));
    ASSERT_TRUE(sink->Read());
    EXPECT_EQ(counter.count() - before, 4);
    ASSERT_TRUE(sink->Publish(Secret(std::to_string(generation)), MarkerOf(generation)));
    ASSERT_TRUE(sink->Read());
    EXPECT_EQ(counter.count() - before, 6);
  }
}

TEST_F(VaultSink, LetsTwoCredentialsShareASecret) {
  MustPublish("one", MarkerOf(9));
  const SinkSpec second = SinkAt(path_, "second.key");
  ASSERT_TRUE(Publish(*vault_, second, "two", MarkerOf(2, 0, "other")));
  MustPublish("three", MarkerOf(10));
  EXPECT_EQ(Field(path_, "access_token"), "three");
  EXPECT_EQ(Field(path_, "second.key"), "two");
  EXPECT_EQ(MarkerAt(path_, "generation"), "10");
  EXPECT_EQ(MarkerAt(path_, "generation.second.key"), "2");
  ExpectRefused(Publish(*vault_, second, "late", MarkerOf(1, 0, "other")), "newer_generation");
}

TEST_F(VaultSink, RefusesAHolderThatWasDeposedUntilItsMarkersAreRemoved) {
  MustPublish("newest", MarkerOf(5, 3));
  ExpectRefused(PublishHere("stale", MarkerOf(6, 2)), "newer_epoch");
  const auto older = PublishHere("stale", MarkerOf(4, 3));
  ExpectRefused(older, "newer_generation");
  EXPECT_EQ(Field(path_, "access_token"), "newest");
  // As the message says.
  EXPECT_NE(older.error().action.find("-remove-custom-metadata=tokenwarden_epoch"),
            std::string::npos);
  server_.Must({"kv", "metadata", "patch", "-remove-custom-metadata=tokenwarden_epoch",
                "-remove-custom-metadata=tokenwarden_generation", path_});
  EXPECT_TRUE(PublishHere("restored", MarkerOf(1, 0)));
}

TEST_F(VaultSink, WritesAgainAfterItsSecretWasDeletedDestroyedOrErased) {
  MustPublish("one", MarkerOf(1));
  server_.Must({"kv", "delete", path_});
  auto gone = Open(SinkAt(path_))->Read();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(gone.error().message.find("deleted"), std::string::npos);
  auto report = PublishHere("one", MarkerOf(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(report->note, "");
  server_.Must({"kv", "destroy", "-versions=2", path_});
  MustPublish("two", MarkerOf(2));
  EXPECT_EQ(Field(path_, "access_token"), "two");
  server_.Must({"kv", "metadata", "delete", path_});
  MustPublish("three", MarkerOf(3));
  EXPECT_EQ(Everything(path_)["metadata"]["version"], 1);
}

TEST_F(VaultSink, ServesVersionOneWithMarkersBesideTheValueOrWithoutThem) {
  server_.Vault({"secrets", "enable", "-path=kv1", "-version=1", "kv"});
  server_.Must({"kv", "put", "kv1/a", "-"}, R"({"other":"kept","number":7})");
  auto sink = Open(SinkAt("kv1/a"));
  ASSERT_TRUE(sink->Publish(Secret("value"), MarkerOf(3, 1)));
  EXPECT_EQ(Field("kv1/a", "other"), "kept");
  EXPECT_EQ(Field("kv1/a", "number"), "7");
  EXPECT_EQ(Field("kv1/a", "tokenwarden_generation"), "3");
  ExpectRefused(sink->Publish(Secret("stale"), MarkerOf(4, 0)), "newer_epoch");
  SinkSpec bare = SinkAt("kv1/b");
  bare.markers = false;
  ASSERT_TRUE(Publish(*vault_, bare, "value", MarkerOf(1)));
  EXPECT_EQ(server_.Must({"kv", "get", "-format=json", "kv1/b"}).find("tokenwarden"),
            std::string::npos);
}

TEST_F(VaultSink, NeverWritesForVersionTwoToAMountThatBecameVersionOne) {
  server_.Must({"secrets", "enable", "-path=swap", "-version=2", "kv"});
  ASSERT_TRUE(Publish(*vault_, SinkAt("swap/a"), "one", MarkerOf(1)));
  clock_.Advance(Seconds(3600));
  server_.Must({"secrets", "disable", "swap"});
  server_.Must({"secrets", "enable", "-path=swap", "-version=1", "kv"});
  ExpectRefused(Publish(*vault_, SinkAt("swap/a"), "two", MarkerOf(2)), "mount_changed");
  EXPECT_NE(server_.Vault({"kv", "list", "swap/"}).exit_code, 0);  // nothing is there
  ASSERT_TRUE(Publish(*vault_, SinkAt("swap/a"), "two", MarkerOf(2)));
  EXPECT_EQ(Field("swap/a", "access_token"), "two");
}

TEST_F(VaultSink, NoticesThatItsMountWasUpgraded) {
  server_.Must({"secrets", "enable", "-path=old", "-version=1", "kv"});
  ASSERT_TRUE(Publish(*vault_, SinkAt("old/a"), "one", MarkerOf(1)));
  server_.Must({"kv", "enable-versioning", "old/"});
  Result<PublishReport> report = Publish(*vault_, SinkAt("old/a"), "two", MarkerOf(2));
  // While it is being upgraded the engine answers 400.
  for (int i = 0; i < 100 && !report && report.error().reason == "upgrading"; ++i) {
    server_.Vault({"kv", "get", "old/a"});
    report = Publish(*vault_, SinkAt("old/a"), "two", MarkerOf(2));
  }
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(Field("old/a", "access_token"), "two");
}

TEST_F(VaultSink, NeedsNoMoreThanItsPolicySays) {
  const std::string name = path_.substr(7);
  const std::string token = TokenWith(
      "writer", "path \"secret/data/" + name +
                    "\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
                    "path \"secret/metadata/" +
                    name + "\" { capabilities = [\"create\", \"read\", \"update\", \"patch\"] }\n");
  auto writer = ConnectAs(token);
  ASSERT_TRUE(Publish(*writer, SinkAt(path_), "one", MarkerOf(1)));
  ASSERT_TRUE(Publish(*writer, SinkAt(path_), "two", MarkerOf(2)));
  EXPECT_EQ(MarkerAt(path_, "generation"), "2");
  // Without patch the metadata is written as a whole.
  server_.Must({"kv", "metadata", "patch", "-custom-metadata=owner=team", path_});
  server_.Must({"policy", "write", "writer", "-"},
               "path \"secret/data/" + name +
                   "\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
                   "path \"secret/metadata/" +
                   name + "\" { capabilities = [\"create\", \"update\"] }\n");
  writer = ConnectAs(token);
  const auto report = Publish(*writer, SinkAt(path_), "three", MarkerOf(3));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(MarkerAt(path_, "generation"), "3");
  EXPECT_EQ(Everything(path_)["metadata"]["custom_metadata"]["owner"], "team");
}

TEST_F(VaultSink, SaysWhatItsPolicyLacks) {
  const auto narrow =
      ConnectAs(TokenWith("reader", "path \"secret/data/*\" { capabilities = [\"read\"] }"));
  const auto refused = Publish(*narrow, SinkAt(path_), "v", MarkerOf(1));
  ExpectRefused(refused, "permission_denied");
  EXPECT_EQ(refused.error().kind, ErrorKind::kPermissionDenied);
  EXPECT_NE(refused.error().message.find("(POST secret/metadata/" + path_.substr(7) + ")"),
            std::string::npos)
      << refused.error().message;
}

TEST_F(VaultSink, NamesAMountThatIsNotThere) {
  const auto nowhere = Publish(*vault_, SinkAt("nowhere/a"), "v", MarkerOf(1));
  ExpectRefused(nowhere, "no_mount_or_no_access");
  EXPECT_NE(nowhere.error().message.find("nowhere/a"), std::string::npos);
}

TEST_F(VaultSink, SaysThatAValueIsTooLarge) {
  ExpectRefused(PublishHere(std::string(1100 * 1024, 'x'), MarkerOf(1)), "too_large");
}

// Another client writes between our read and our write.
TEST_F(VaultSink, AHumanInTheMiddleIsAConflictAndLosesNothing) {
  server_.Must({"kv", "put", path_, "other=1"});
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
  const auto vault = Connect(SpecFor(server_, server_.root_token()), meddler);
  ExpectRefused(Publish(*vault, SinkAt(path_), "value", MarkerOf(1)), "conflict");
  ASSERT_TRUE(Publish(*vault, SinkAt(path_), "value", MarkerOf(1)));
  EXPECT_EQ(Field(path_, "other"), "2");
  EXPECT_EQ(Field(path_, "access_token"), "value");
}

// A process dies at each request of a publish, before it is carried out or after; another one
// resumes with nothing but the state, and a holder that was deposed never gets through.
TEST_F(VaultSink, ACrashAtAnyRequestLeavesNothingThatADeposedHolderMayWriteOver) {
  for (int request = 1; request <= 3; ++request) {
    for (const bool carried_out : {false, true}) {
      const SinkSpec spec =
          SinkAt(path_ + "/" + std::to_string(request) + (carried_out ? "-done" : "-lost"));
      ASSERT_TRUE(Publish(*vault_, spec, "first", MarkerOf(1, 1)));
      MortalClient mortal(*http_);
      const auto doomed = Connect(SpecFor(server_, server_.root_token()), mortal);
      ASSERT_TRUE(doomed->Resolve({SecretRef::Kind::kVault, spec.path, "access_token"}));
      mortal.DieAt(request, carried_out);
      ASSERT_FALSE(Publish(*doomed, spec, "new", MarkerOf(2, 2)));
      const bool claimed = MarkerAt(spec.path, "epoch") == "2";
      EXPECT_EQ(claimed, request > 2 || (request == 2 && carried_out));
      if (claimed) ExpectRefused(Publish(*vault_, spec, "stale", MarkerOf(3, 1)), "newer_epoch");
      const auto resumed = ConnectAs(server_.root_token());
      ASSERT_TRUE(Publish(*resumed, spec, "new", MarkerOf(2, 2)));
      EXPECT_EQ(Field(spec.path, "access_token"), "new");
      EXPECT_EQ(MarkerAt(spec.path, "epoch"), "2");
      EXPECT_EQ(Everything(spec.path)["metadata"]["version"], 2);
      ExpectRefused(Publish(*vault_, spec, "stale", MarkerOf(3, 1)), "newer_epoch");
    }
  }
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

TEST_F(VaultSink, DocumentsKeepTheOneBeforeAndNoMoreWhateverTheMountKeeps) {
  server_.Must({"secrets", "enable", "-path=hoard", "-version=2", "kv"});
  for (int i = 0; i < 100; ++i) {  // a new mount is upgraded first
    if (server_.Vault({"write", "hoard/config", "max_versions=20"}).exit_code == 0) break;
  }
  for (const std::string& prefix : {path_, std::string("hoard/state")}) {
    const auto documents = vault_->MakeDocumentStore(prefix);
    std::optional<std::string> version;
    for (int i = 0; i < 5; ++i) {
      auto written = documents->Write("bot", std::to_string(i), version);
      ASSERT_TRUE(written) << written.error().message;
      version = *written;
    }
    int readable = 0;
    for (int number = 1; number <= 5; ++number) {
      const Finished got =
          server_.Vault({"kv", "get", "-version=" + std::to_string(number), prefix + "/bot"});
      readable += got.out.find("document") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(readable, 2) << prefix;
  }
}

TEST_F(VaultSink, AStateKeyIsWrappedByTransitAndUnwrappedAgain) {
  server_.Vault({"secrets", "enable", "transit"});
  server_.Must({"write", "-f", "transit/keys/state"});
  const auto agent = ConnectAs(TokenWith(
      "sealer",
      "path \"transit/datakey/wrapped/state\" { capabilities = [\"update\"] }\n"
      "path \"transit/decrypt/+\" { capabilities = [\"update\"] }\n"
      "path \"secret/data/state/*\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
      "path \"secret/metadata/state/*\" { capabilities = [\"create\", \"read\", \"update\"] }\n"));
  TransitKeySpec spec;
  spec.key = "state";
  spec.wrapped_file = room_.File("wrapped");
  EXPECT_EQ(agent->UnwrapStateKey(spec, false).error().reason, "no_wrapped_key");
  auto made = agent->UnwrapStateKey(spec, true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 32u);
  EXPECT_EQ(room_.Read("wrapped").rfind("vault:v1:", 0), 0u);
  // Also when the transit key has a newer version.
  server_.Must({"write", "-f", "transit/keys/state/rotate"});
  auto again = agent->UnwrapStateKey(spec, false);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->EqualsInConstantTime(*made));
  server_.Must({"write", "-f", "transit/keys/other"});
  spec.key = "other";
  EXPECT_EQ(agent->UnwrapStateKey(spec, false).error().kind, ErrorKind::kDataLoss);
  // A pod without a disk keeps it beside the state, and every replica gets the same.
  spec.key = "state";
  spec.wrapped_file.clear();
  const auto documents = agent->MakeDocumentStore("secret/state");
  auto kept = agent->UnwrapStateKey(spec, true, documents.get());
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_FALSE(kept->EqualsInConstantTime(*made));
  EXPECT_TRUE(agent->UnwrapStateKey(spec, true, documents.get())->EqualsInConstantTime(*kept));
}

}  // namespace
}  // namespace tokenwarden::it
