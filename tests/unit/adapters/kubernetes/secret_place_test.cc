// Beyond the contract that every place keeps (tests/contract/place_contract.h).
#include "agent/adapters/kubernetes/secret_place.h"

#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr const char* kSecret = "default/bot";

struct SecretPlaceTest : testing::Test, Bench {
  SecretPlace PlaceOf(const std::string& key, Drift drift = Drift::kRepair) {
    return SecretPlace(secrets, SecretKey{{"default", "bot"}, key}, drift);
  }
  static PublishMarker MarkerOf(std::uint64_t epoch, Generation generation,
                                const std::string& credential = "whatsapp") {
    PublishMarker marker;
    marker.credential = credential;
    marker.generation = generation;
    marker.fingerprint = {"hmac:of-" + std::to_string(generation)};
    marker.epoch = epoch;
    return marker;
  }
  static Result<PublishReport> Publish(SecretPlace& place, const std::string& value,
                                       const PublishMarker& marker) {
    return place.Publish(Secret(value), marker);
  }
  std::string Annotation(const std::string& word) {
    return api.AnnotationOf(SecretPath("bot"), "tokenwarden.dev/" + word);
  }
  int Requests() { return static_cast<int>(api.sent().size()); }

  OwnWrites own_writes;
  Secrets secrets{client, own_writes};
  SecretPlace token = PlaceOf("access_token");
};

TEST_F(SecretPlaceTest, WritesTheMarkersBesideTheValue) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(4, 7)));
  EXPECT_EQ(Annotation("epoch"), "4");
  EXPECT_EQ(Annotation("generation"), "7");
  EXPECT_EQ(Annotation("fingerprint"), "hmac:of-7");
  EXPECT_EQ(Annotation("credential"), "whatsapp");
}

TEST_F(SecretPlaceTest, TakesOneRequestWhenTheSecretIsAsItWasLastSeen) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  ASSERT_TRUE(token.Read());
  api.ClearSent();
  ASSERT_TRUE(Publish(token, "value-2", MarkerOf(0, 2)));
  EXPECT_EQ(Requests(), 1);
  EXPECT_EQ(api.CountSent("PATCH"), 1);
}

TEST_F(SecretPlaceTest, TakesOneMoreWhenSomebodyElseWroteIntoTheSecretSince) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  api.EditSecret(kSecret, "other", "theirs");
  api.ClearSent();
  ASSERT_TRUE(Publish(token, "value-2", MarkerOf(0, 2)));
  EXPECT_EQ(api.CountSent("PATCH"), 2);
  EXPECT_EQ(api.CountSent("GET"), 1);
  EXPECT_EQ(api.ValueOf(kSecret, "other"), "theirs");
}

TEST_F(SecretPlaceTest, TakesOneLookAndNoWriteForAnUnchangedValue) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  api.ClearSent();
  EXPECT_EQ(Publish(token, "value-1", MarkerOf(0, 1))->outcome, PublishOutcome::kUnchanged);
  EXPECT_EQ(Requests(), 1);
  EXPECT_EQ(api.CountSent("GET"), 1);
}

TEST_F(SecretPlaceTest, AsksForNoValueInTheAnswerToAWrite) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  for (const FakeApiServer::Sent& sent : api.sent()) {
    if (sent.method != "PATCH") continue;
    EXPECT_EQ(sent.headers.at("Accept"), kMetadataOnly);
  }
}

TEST_F(SecretPlaceTest, MakesAMissingSecretWithoutAValueFirst) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  const std::vector<FakeApiServer::Sent> sent = api.sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].query.at("fieldManager"), "tokenwarden-create");
  EXPECT_EQ(sent[1].body.find("\"data\""), std::string::npos);
  EXPECT_EQ(api.CountSent("POST"), 0);  // a Role cannot name what a POST makes
}

// Between our look and our making of it another replica has made and filled it.
TEST_F(SecretPlaceTest, DoesNotWriteOverANewerHolderThatWasFasterToMakeIt) {
  OwnWrites other_writes;
  Secrets other_secrets(client, other_writes);
  SecretPlace other(other_secrets, SecretKey{{"default", "bot"}, "access_token"}, Drift::kRepair);
  api.Before("PATCH", [&] { ASSERT_TRUE(Publish(other, "newer-value", MarkerOf(9, 3))); });
  const Result<PublishReport> late = Publish(token, "stale-value", MarkerOf(8, 2));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, "newer_epoch");
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "newer-value");
}

TEST_F(SecretPlaceTest, DoesNotWriteOverANewerHolderThatWroteAfterOurLook) {
  api.EditSecret(kSecret, "other", "theirs");
  OwnWrites other_writes;
  Secrets other_secrets(client, other_writes);
  SecretPlace other(other_secrets, SecretKey{{"default", "bot"}, "access_token"}, Drift::kRepair);
  api.Before("PATCH", [&] { ASSERT_TRUE(Publish(other, "newer-value", MarkerOf(9, 3))); });
  const Result<PublishReport> late = Publish(token, "stale-value", MarkerOf(8, 2));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kAborted);
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "newer-value");
}

TEST_F(SecretPlaceTest, IsNotConfusedByADeletedAndRemadeSecret) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  api.DeleteObject(SecretPath("bot"));
  ASSERT_TRUE(Publish(token, "value-2", MarkerOf(0, 2)));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "value-2");
  api.DeleteObject(SecretPath("bot"));
  api.EditSecret(kSecret, "other", "theirs");
  ASSERT_TRUE(Publish(token, "value-3", MarkerOf(0, 3)));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "value-3");
  EXPECT_EQ(api.ValueOf(kSecret, "other"), "theirs");
}

TEST_F(SecretPlaceTest, KeepsTwoCredentialsInOneSecretApart) {
  SecretPlace page = PlaceOf("page_token");
  ASSERT_TRUE(Publish(token, "token-1", MarkerOf(50, 9, "whatsapp")));
  ASSERT_TRUE(Publish(page, "page-1", MarkerOf(3, 1, "page")));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "token-1");
  ASSERT_TRUE(Publish(token, "token-2", MarkerOf(50, 10, "whatsapp")));
  ASSERT_TRUE(Publish(page, "page-2", MarkerOf(3, 2, "page")));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "token-2");
  EXPECT_EQ(api.ValueOf(kSecret, "page_token"), "page-2");
  EXPECT_EQ(Annotation("generation"), "10");
  EXPECT_EQ(Annotation("generation.page_token"), "2");
  EXPECT_EQ(Publish(page, "page-1", MarkerOf(3, 1, "page")).error().reason, "newer_generation");
}

TEST_F(SecretPlaceTest, KeepsTheFirstKeysMarkersWhenItIsMendedAfterAHandEdit) {
  SecretPlace page = PlaceOf("page_token");
  ASSERT_TRUE(Publish(token, "token-1", MarkerOf(1, 1)));
  ASSERT_TRUE(Publish(page, "page-1", MarkerOf(1, 1, "page")));
  api.EditSecret(kSecret, "access_token", "pasted");
  ASSERT_TRUE(Publish(token, "token-1", MarkerOf(1, 1)));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "token-1");
  EXPECT_EQ(api.ValueOf(kSecret, "page_token"), "page-1");
}

TEST_F(SecretPlaceTest, GivesALongKeyAnAnnotationThatKubernetesAllows) {
  ASSERT_TRUE(Publish(token, "token-1", MarkerOf(1, 1)));
  const std::string long_key = std::string(100, 'k');
  for (const std::string& key : {long_key, std::string("ends-with-a-dash-")}) {
    SecretPlace place = PlaceOf(key);
    ASSERT_TRUE(Publish(place, "value", MarkerOf(1, 1, "long")));
    ASSERT_TRUE(Publish(place, "value-2", MarkerOf(1, 2, "long")));
  }
  const std::optional<FakeApiServer::Json> object = api.Object(SecretPath("bot"));
  for (const auto& [name, text] : (*object)["metadata"]["annotations"].items()) {
    EXPECT_LE(name.size() - name.find('/') - 1, 63u) << name;
    EXPECT_TRUE(std::isalnum(name.back())) << name;
  }
}

TEST_F(SecretPlaceTest, TakesTheKeyOverFromAnotherManagerOnlyUnderRepair) {
  api.EditSecret(kSecret, "access_token", "theirs");
  SecretPlace careful = PlaceOf("access_token", Drift::kAlarm);
  const Result<PublishReport> refused = Publish(careful, "ours", MarkerOf(0, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kFailedPrecondition);
  EXPECT_EQ(refused.error().reason, "owned_by_other");
  EXPECT_NE(refused.error().message.find("kubectl-edit"), std::string::npos);
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "theirs");
  ASSERT_TRUE(Publish(token, "ours", MarkerOf(0, 1)));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "ours");
}

TEST_F(SecretPlaceTest, CallsAHandEditOfOurKeyAConflictWhereItMustNotBeUndone) {
  SecretPlace adopting = PlaceOf("access_token", Drift::kAdopt);
  ASSERT_TRUE(Publish(adopting, "value-1", MarkerOf(0, 1)));
  api.EditSecret(kSecret, "access_token", "pasted");
  const Result<PublishReport> refused = Publish(adopting, "value-2", MarkerOf(0, 2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kAborted);
  EXPECT_EQ(refused.error().reason, "conflict");
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "pasted");
}

TEST_F(SecretPlaceTest, GivesUpWhenAPersonChangesTheValueWhileItIsBeingWritten) {
  api.EditSecret(kSecret, "access_token", "old");
  api.Before("PATCH", [&] { api.EditSecret(kSecret, "access_token", "pasted"); });
  const Result<PublishReport> refused = Publish(token, "ours", MarkerOf(0, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "conflict");
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "pasted");
}

TEST_F(SecretPlaceTest, GoesOnWhenSomebodyChangesAnotherKeyWhileItIsBeingWritten) {
  api.EditSecret(kSecret, "other", "old");
  api.Before("PATCH", [&] { api.EditSecret(kSecret, "other", "new"); });
  ASSERT_TRUE(Publish(token, "ours", MarkerOf(0, 1)));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "ours");
  EXPECT_EQ(api.ValueOf(kSecret, "other"), "new");
}

TEST_F(SecretPlaceTest, RecognisesItsOwnWriteWhoseReplyWasLost) {
  ASSERT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  api.LoseReply("PATCH", "/bot");
  ASSERT_TRUE(Publish(token, "value-2", MarkerOf(0, 2)));
  EXPECT_EQ(api.ValueOf(kSecret, "access_token"), "value-2");
}

TEST_F(SecretPlaceTest, ReportsAnImmutableSecretAndAMissingNamespace) {
  api.EditSecret(kSecret, "other", "x");
  api.EditObject(SecretPath("bot"),
                 [](FakeApiServer::Json& object) { object["immutable"] = true; });
  EXPECT_EQ(Publish(token, "ours", MarkerOf(0, 1)).error().reason, "immutable_secret");
  SecretPlace elsewhere(secrets, SecretKey{{"nowhere", "bot"}, "k"}, Drift::kRepair);
  const Result<PublishReport> missing = Publish(elsewhere, "ours", MarkerOf(0, 1));
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().reason, "no_such_namespace");
}

TEST_F(SecretPlaceTest, IgnoresMarkersOfAnotherCredentialAndOnesThatAreNoNumbers) {
  api.EditSecret(kSecret, "other", "x");
  const auto annotate = [&](const std::string& epoch, const std::string& credential) {
    api.EditObject(SecretPath("bot"), [&](FakeApiServer::Json& object) {
      FakeApiServer::Json& annotations = object["metadata"]["annotations"];
      annotations["tokenwarden.dev/epoch"] = epoch;
      annotations["tokenwarden.dev/generation"] = "1";
      annotations["tokenwarden.dev/credential"] = credential;
    });
  };
  annotate("99", "somebody-else");
  EXPECT_TRUE(Publish(token, "value-1", MarkerOf(0, 1)));
  annotate("ninety", "whatsapp");
  EXPECT_TRUE(Publish(token, "value-2", MarkerOf(0, 2)));
}

TEST_F(SecretPlaceTest, SaysWhichKeyIsMissing) {
  EXPECT_EQ(token.Read().error().reason, "no_such_secret");
  api.EditSecret(kSecret, "other", "x");
  const Result<Secret> missing = token.Read();
  EXPECT_EQ(missing.error().reason, "no_such_key");
  EXPECT_NE(missing.error().message.find("access_token"), std::string::npos);
}

// ---- whose change a watch has heard of ----

TEST(OwnWrites, KeepsQuietAboutOurOwnAndTellsEverybodyElses) {
  OwnWrites writes;
  const ObjectName bot{"default", "bot"};
  int told = 0;
  const auto tell = [&told] { ++told; };
  {
    OwnWrites::Scope scope(writes, bot);
    writes.Heard(bot, "7", tell);  // before its reply
    writes.Heard(bot, "8", tell);
    EXPECT_EQ(told, 0);
    scope.Done("7");
  }
  EXPECT_EQ(told, 1);
  writes.Heard(bot, "7", tell);
  EXPECT_EQ(told, 1);
  writes.Heard(bot, "9", tell);
  writes.Heard({"default", "other"}, "7", tell);
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace tokenwarden::kubernetes
