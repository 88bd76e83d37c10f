// One key of a secret as a place: what it costs, and what happens when others write too.
#include <future>
#include <thread>

#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

class VaultSink : public Stage {
 protected:
  VaultSink() : vault_(Connect(ByRoot())) {}
  Result<PublishReport> Publish(const std::string& value, const PublishMarker& marker) {
    return Stage::Publish(*vault_, value, marker);
  }
  void MustPublish(const std::string& value, const PublishMarker& marker) {
    const Result<PublishReport> report = Publish(value, marker);
    ASSERT_TRUE(report) << report.error().message;
  }
  std::vector<std::string> Requests() {
    std::vector<std::string> requests;
    for (const FakeVault::Sent& each : api_.sent()) {
      requests.push_back(each.method + " " + each.path);
    }
    return requests;
  }

  std::unique_ptr<Vault> vault_;
};

using Requested = std::vector<std::string>;

// ---- requests ----

TEST_F(VaultSink, PublishesAGenerationWithThreeRequestsAndReadsItBackWithOne) {
  MustPublish("one", Marker(1));
  const auto sink = *vault_->MakeSink(SinkAt());
  api_.ClearSent();
  ASSERT_TRUE(sink->Publish(Secret("two"), Marker(2)));
  ASSERT_TRUE(sink->Read());
  EXPECT_EQ(Requests(), (Requested{"GET secret/data/a", "PATCH secret/metadata/a",
                                   "POST secret/data/a", "GET secret/data/a"}));
}

TEST_F(VaultSink, PublishesWhatIsThereAlreadyWithOneRequest) {
  MustPublish("one", Marker(1));
  api_.ClearSent();
  MustPublish("one", Marker(1));
  EXPECT_EQ(Requests(), Requested{"GET secret/data/a"});
}

TEST_F(VaultSink, MakesANewSecretWithOneRequestMoreAndAsksForItsMountOnce) {
  MustPublish("one", Marker(1));
  EXPECT_EQ(Requests(),
            (Requested{"GET auth/token/lookup-self", "GET sys/internal/ui/mounts/secret/a",
                       "GET secret/data/a", "GET secret/metadata/a", "PATCH secret/metadata/a",
                       "POST secret/metadata/a", "POST secret/data/a"}));
  api_.ClearSent();
  ASSERT_TRUE(Stage::Publish(*vault_, "one", Marker(1), SinkAt("secret/b")));
  EXPECT_EQ(api_.CountSent("GET", "sys/internal/ui/mounts/secret/b"), 0);
}

TEST_F(VaultSink, WritesMetadataAsAWholeWhereThePolicyAllowsNoPatch) {
  api_.kv().Put("a", "other", "kept");
  api_.kv().SetMetadata("a", "owner", "team");
  api_.Deny("PATCH", "secret/");
  MustPublish("one", Marker(1));
  EXPECT_EQ(MarkerHeld("generation"), "1");
  EXPECT_EQ(api_.kv().MetadataOf("a").at("owner"), "team");
  api_.ClearSent();
  MustPublish("two", Marker(2));  // and remembers it
  EXPECT_EQ(api_.CountSent("PATCH"), 0);
  EXPECT_EQ(api_.CountSent(""), 3);
}

// ---- what else is there ----

TEST_F(VaultSink, KeepsOtherKeysWhateverTheyAre) {
  const FakeVault::Json other = {{"list", {1, 2.5, nullptr, true}}, {"big", 9007199254740992}};
  api_.kv().Put("a", "other", other);
  MustPublish("one", Marker(1));
  EXPECT_EQ(api_.kv().Find("a", "other"), other);
}

TEST_F(VaultSink, LetsTwoCredentialsShareASecret) {
  const SinkSpec second = SinkAt(kPath, "second");
  MustPublish("one", Marker(9));
  ASSERT_TRUE(Stage::Publish(*vault_, "two", Marker(2, 0, "other"), second));
  MustPublish("three", Marker(10));
  ASSERT_TRUE(Stage::Publish(*vault_, "four", Marker(3, 0, "other"), second));
  EXPECT_EQ(Held(), "three");
  EXPECT_EQ(Held("second"), "four");
  EXPECT_EQ(MarkerHeld("generation"), "10");
  EXPECT_EQ(MarkerHeld("generation.second"), "3");
  ExpectFails(Stage::Publish(*vault_, "late", Marker(2, 0, "other"), second), ErrorKind::kAborted,
              "newer_generation");
}

TEST_F(VaultSink, TwoSinksOfThisProcessDoNotConflict) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer] {
      const std::string key = "key-" + std::to_string(writer);
      for (Generation generation = 1; generation <= 5; ++generation) {
        const auto report = Stage::Publish(*vault_, key + std::to_string(generation),
                                           Marker(generation, 0, key), SinkAt(kPath, key));
        EXPECT_TRUE(report) << report.error().message;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (int writer = 0; writer < 4; ++writer) {
    const std::string key = "key-" + std::to_string(writer);
    EXPECT_EQ(Held(key), key + "5");
  }
}

TEST_F(VaultSink, APersonInTheMiddleIsAConflictAndLosesNothing) {
  api_.kv().Put("a", "other", "1");
  api_.Before("POST", "secret/data/a", [this] { api_.kv().Put("a", "other", "2"); });
  ExpectFails(Publish("value", Marker(1)), ErrorKind::kAborted, "conflict");
  EXPECT_EQ(Held("other"), "2");
  MustPublish("value", Marker(1));
  EXPECT_EQ(Held("other"), "2");
  EXPECT_EQ(Held(), "value");
}

TEST_F(VaultSink, TakesARequestThatWentOutTwiceForNoConflict) {
  api_.kv().Put("a", "other", "1");
  api_.CarryOutTwice("POST", "secret/data/a");
  const auto report = Publish("value", Marker(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->outcome, PublishOutcome::kWritten);
  EXPECT_EQ(Held(), "value");
  EXPECT_EQ(api_.kv().VersionOf("a"), 2);
}

TEST_F(VaultSink, RefusesWhatIsNoTextSinceVaultWouldReplaceIt) {
  ExpectFails(Publish("bytes \xFF\xFE", Marker(1)), ErrorKind::kInvalidArgument, "not_text");
  EXPECT_EQ(api_.CountSent("POST"), 0);
}

TEST_F(VaultSink, SaysWhatIsWrongWithAPath) {
  for (const char* path : {"secret//a", "/secret/a", "secret/a/", "secret/../a", "secret/a\n"}) {
    const auto sink = vault_->MakeSink(SinkAt(path));
    ExpectFails(sink, ErrorKind::kInvalidArgument, "bad_path");
  }
  ExpectFails(vault_->MakeSink(SinkAt("")), ErrorKind::kInvalidArgument, "no_path");
  ExpectFails(vault_->MakeSink(SinkAt(kPath, "")), ErrorKind::kInvalidArgument, "no_key");
  ExpectFails(Stage::Publish(*vault_, "v", Marker(1), SinkAt("secret")),
              ErrorKind::kInvalidArgument, "no_kv_path");
}

TEST_F(VaultSink, EncodesAPath) {
  ASSERT_TRUE(Stage::Publish(*vault_, "v", Marker(1), SinkAt("secret/a b/\xC3\xA9%?#")));
  EXPECT_EQ(api_.sent().back().path, "secret/data/a%20b/%C3%A9%25%3F%23");
}

TEST_F(VaultSink, HelpsWhoeverWroteThePathOfTheApi) {
  const auto read = vault_->Resolve({SecretRef::Kind::kVault, "secret/data/a", kKey});
  ExpectFails(read, ErrorKind::kNotFound, "no_such_path");
  EXPECT_NE(read.error().action.find("data/"), std::string::npos);
}

// ---- deleted, destroyed ----

TEST_F(VaultSink, WritesAgainAfterADeletionADestructionAndAnErasure) {
  MustPublish("one", Marker(1));
  api_.kv().Delete("a");
  ExpectFails((*vault_->MakeSink(SinkAt()))->Read(), ErrorKind::kNotFound, "no_such_path");
  const auto report = Publish("one", Marker(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->outcome, PublishOutcome::kWritten);
  EXPECT_NE(report->note, "");
  api_.kv().DestroyNewest("a");
  MustPublish("two", Marker(2));
  api_.kv().Erase("a");
  MustPublish("three", Marker(3));
  EXPECT_EQ(Held(), "three");
  EXPECT_EQ(api_.kv().VersionOf("a"), 1);
}

// ---- mounts ----

TEST_F(VaultSink, NeverWritesForVersion2ToAMountThatBecameVersion1) {
  MustPublish("one", Marker(1));
  clock_.Advance(Seconds(3600));
  api_.Mount("secret/", 1);
  ExpectFails(Publish("two", Marker(2)), ErrorKind::kUnavailable, "mount_changed");
  EXPECT_EQ(api_.kv().Find("data/a", "data"), std::nullopt);
  EXPECT_EQ(api_.kv().Find("metadata/a", "custom_metadata"), std::nullopt);
  MustPublish("two", Marker(2));
  EXPECT_EQ(Held(), "two");
}

TEST_F(VaultSink, NoticesAMountThatBecameVersion2) {
  api_.Mount("secret/", 1);
  MustPublish("one", Marker(1));
  api_.Mount("secret/", 2);
  MustPublish("one", Marker(1));
  EXPECT_EQ(MarkerHeld("generation"), "1");
}

TEST_F(VaultSink, TakesAMountThatIsGoneForNoEmptySecret) {
  MustPublish("one", Marker(1));
  api_.Unmount("secret/");
  ExpectFails(Publish("two", Marker(2)), ErrorKind::kPermissionDenied, "no_mount_or_no_access");
}

TEST_F(VaultSink, ASecretOfVersion1HoldsItsMarkersUnlessItShouldNot) {
  api_.Mount("secret/", 1);
  MustPublish("one", Marker(3, 1));
  EXPECT_EQ(Held("tokenwarden_generation"), "3");
  ExpectFails(Publish("late", Marker(4, 0)), ErrorKind::kAborted, "newer_epoch");
  SinkSpec bare = SinkAt("secret/bare");
  bare.markers = false;
  ASSERT_TRUE(Stage::Publish(*vault_, "one", Marker(1), bare));
  EXPECT_EQ(api_.kv().Find("bare", kKey), "one");
  EXPECT_EQ(api_.kv().Find("bare", "tokenwarden_generation"), std::nullopt);
  EXPECT_EQ(Stage::Publish(*vault_, "one", Marker(1), bare)->outcome, PublishOutcome::kUnchanged);
}

// ---- standbys ----

TEST_F(VaultSink, ReadsBackFromANodeThatIsBehindOnlyWhenItHasCaughtUp) {
  MustPublish("one", Marker(1));
  const auto sink = *vault_->MakeSink(SinkAt());
  ASSERT_TRUE(sink->Publish(Secret("two"), Marker(2)));
  api_.kv().LagReads(1);
  auto reading = std::async(std::launch::async, [&] { return sink->Read(); });
  while (clock_.waits() == 0) std::this_thread::yield();
  api_.kv().LagReads(0);
  clock_.Advance(Seconds(1));
  const Result<Secret> read = reading.get();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->Reveal(), "two");
}

TEST_F(VaultSink, ANodeThatStaysBehindIsSilenceAndNoDrift) {
  MustPublish("one", Marker(1));
  const auto sink = *vault_->MakeSink(SinkAt());
  ASSERT_TRUE(sink->Publish(Secret("two"), Marker(2)));
  api_.kv().LagReads(1);
  auto reading = std::async(std::launch::async, [&] { return sink->Read(); });
  while (reading.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    clock_.Advance(Seconds(1));
  }
  ExpectFails(reading.get(), ErrorKind::kUnavailable, "behind");
}

}  // namespace
}  // namespace tokenwarden::vault
