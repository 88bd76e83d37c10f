#include "agent/adapters/kubernetes/secret_watches.h"

#include <atomic>

#include "agent/adapters/kubernetes/object_splitter.h"
#include "agent/adapters/kubernetes/secret_place.h"
#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr const char* kSecret = "default/bot";

struct WatchTest : testing::Test, Bench {
  WatchTest() { api.EditSecret(kSecret, "access_token", "first"); }
  ~WatchTest() override { watches.Stop(); }

  // Watches and waits until the stream has said what is there.
  void Follow(const std::string& place, std::atomic<int>& count) {
    ASSERT_TRUE(watches.Watch(SinkKind::kKubernetes, place, [&count] { ++count; }));
    ASSERT_TRUE(Eventually([&] { return count >= 1; }));
    count = 0;
  }
  std::vector<FakeApiServer::Sent> Watches() {
    std::vector<FakeApiServer::Sent> found;
    for (const FakeApiServer::Sent& sent : api.sent()) {
      if (sent.query.count("watch") > 0) found.push_back(sent);
    }
    return found;
  }
  int TimesTold(const std::string& reason) {
    int count = 0;
    for (const Event& event : heard.all()) count += event.reason == reason ? 1 : 0;
    return count;
  }

  OwnWrites own_writes;
  SecretWatches watches{client, own_writes, &heard, 2};
  std::atomic<int> told{0};
};

TEST_F(WatchTest, TellsOfAHandEdit) {
  Follow(kSecret, told);
  api.EditSecret(kSecret, "access_token", "pasted");
  EXPECT_TRUE(Eventually([&] { return told == 1; }));
  api.DeleteObject(SecretPath("bot"));
  EXPECT_TRUE(Eventually([&] { return told == 2; }));
}

TEST_F(WatchTest, NamesTheSecretSoThatARoleCanAllowItAndAsksForNoValues) {
  Follow(kSecret, told);
  const FakeApiServer::Sent sent = Watches().front();
  EXPECT_EQ(sent.path, "/api/v1/namespaces/default/secrets");
  EXPECT_EQ(sent.query.at("fieldSelector"), "metadata.name=bot");
  EXPECT_EQ(sent.query.at("allowWatchBookmarks"), "true");
  EXPECT_EQ(sent.headers.at("Accept"), kMetadataOnly);
}

TEST_F(WatchTest, KeepsQuietAboutOurOwnPublish) {
  Follow(kSecret, told);
  Secrets secrets(client, own_writes);
  SecretPlace place(secrets, SecretKey{{"default", "bot"}, "access_token"}, Drift::kRepair);
  PublishMarker marker;
  marker.credential = "whatsapp";
  marker.generation = 1;
  ASSERT_TRUE(place.Publish(Secret("ours"), marker));
  api.EditSecret(kSecret, "access_token", "pasted");
  EXPECT_TRUE(Eventually([&] { return told >= 1; }));
  EXPECT_EQ(told, 1);
}

TEST_F(WatchTest, ResumesWhereItWasWhenTheStreamEnds) {
  Follow(kSecret, told);
  const std::string version = (*api.Object(SecretPath("bot")))["metadata"]["resourceVersion"];
  clock.Advance(Seconds(400));  // the server ends each after some minutes
  api.CutWatches();
  EXPECT_TRUE(Eventually([&] { return Watches().size() == 2; }));
  EXPECT_EQ(Watches()[1].query.at("resourceVersion"), version);
  api.EditSecret(kSecret, "access_token", "pasted");
  EXPECT_TRUE(Eventually([&] { return told == 1; }));
}

TEST_F(WatchTest, HearsWhatHappenedWhileItWasAway) {
  Follow(kSecret, told);
  api.SetReachable(false);
  EXPECT_TRUE(Eventually([&] { return clock.waits() >= 1; }));
  api.EditSecret(kSecret, "access_token", "pasted");
  api.SetReachable(true);
  EXPECT_TRUE(Eventually([&] {
    clock.Advance(Seconds(1));
    return told == 1;
  }));
}

TEST_F(WatchTest, StartsAnewAndLooksWhenTheServerHasForgottenWhereItWas) {
  Follow(kSecret, told);
  api.ForgetHistory();
  clock.Advance(Seconds(400));
  api.CutWatches();
  EXPECT_TRUE(Eventually([&] { return told == 1; }));
  EXPECT_EQ(Watches().back().query.count("resourceVersion"), 0u);
  api.EditSecret(kSecret, "access_token", "pasted");
  EXPECT_TRUE(Eventually([&] { return told == 2; }));
}

TEST_F(WatchTest, WaitsLongerAfterEachFailureAndSaysSoOnce) {
  api.Refuse("WATCH", "/secrets",
             FakeApiServer::Status(403, "Forbidden", "User \"u\" cannot watch resource"), 4);
  ASSERT_TRUE(watches.Watch(SinkKind::kKubernetes, kSecret, [this] { ++told; }));
  for (int failures = 1; failures <= 3; ++failures) {
    ASSERT_TRUE(Eventually([&] { return clock.waits() == failures; }));
    EXPECT_EQ(Watches().size(), static_cast<std::size_t>(failures));
    clock.Advance(Seconds(failures == 1 ? 1 : failures == 2 ? 2 : 4));
  }
  ASSERT_TRUE(Eventually([&] { return clock.waits() == 4; }));
  EXPECT_EQ(TimesTold("forbidden"), 1);
  clock.Advance(Seconds(8));
  EXPECT_TRUE(Eventually([&] { return told == 1; }));
}

TEST_F(WatchTest, SharesOneStreamAmongThoseWhoWatchTheSameSecret) {
  std::atomic<int> others{0};
  Follow(kSecret, told);
  ASSERT_TRUE(watches.Watch(SinkKind::kKubernetes, "bot", [&others] { ++others; }));
  api.EditSecret(kSecret, "access_token", "pasted");
  EXPECT_TRUE(Eventually([&] { return told == 1 && others == 1; }));
  EXPECT_EQ(Watches().size(), 1u);
}

TEST_F(WatchTest, WatchesTheWholeNamespaceBeyondTheLimitWhereItMay) {
  std::atomic<int> ignored{0};
  std::atomic<int> third{0};
  api.LetWatchAll(true);
  Follow(kSecret, told);
  ASSERT_TRUE(watches.Watch(SinkKind::kKubernetes, "default/two", [&ignored] { ++ignored; }));
  Follow("default/three", third);
  ASSERT_TRUE(watches.Watch(SinkKind::kKubernetes, "default/four", [&ignored] { ++ignored; }));
  EXPECT_TRUE(Eventually([&] { return api.open_watches() == 3; }));
  api.EditSecret("default/three", "k", "v");
  EXPECT_TRUE(Eventually([&] { return third == 1; }));
}

TEST_F(WatchTest, RefusesBeyondTheLimitWhereItMayNotAndAsksOnce) {
  for (const char* place : {"default/one", "default/two"}) {
    ASSERT_TRUE(watches.Watch(SinkKind::kKubernetes, place, [] {}));
  }
  for (const char* place : {"default/three", "default/four"}) {
    const Status refused = watches.Watch(SinkKind::kKubernetes, place, [] {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "not_watchable");
  }
  EXPECT_EQ(api.CountSent("POST", "/selfsubjectaccessreviews"), 1);
}

TEST_F(WatchTest, RefusesWhatIsNoSecret) {
  EXPECT_EQ(watches.Watch(SinkKind::kVault, "secret/a", [] {}).error().reason, "not_watchable");
  EXPECT_EQ(watches.Watch(SinkKind::kKubernetes, "A/B", [] {}).error().reason, "bad_name");
}

TEST_F(WatchTest, TellsNobodyAfterItWasStopped) {
  Follow(kSecret, told);
  watches.Stop();
  EXPECT_EQ(api.open_watches(), 0);
  api.EditSecret(kSecret, "access_token", "pasted");
  EXPECT_EQ(told, 0);
  EXPECT_EQ(watches.Watch(SinkKind::kKubernetes, kSecret, [] {}).error().reason, "stopping");
}

// ---- the stream's text ----

std::vector<std::string> Split(const std::vector<std::string>& pieces) {
  ObjectSplitter splitter;
  std::vector<std::string> objects;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(splitter.Add(piece, [&](std::string_view text) { objects.emplace_back(text); }));
  }
  return objects;
}

TEST(ObjectSplitter, CutsAtObjectsHoweverTheTextArrives) {
  const std::string one = R"({"a":{"b":"}{\"\\"}})";
  const std::string two = R"({"c":[{}]})";
  const std::string text = one + "\n\n" + two;
  const std::vector<std::string> expected = {one, two};
  EXPECT_EQ(Split({text}), expected);
  EXPECT_EQ(Split({one + two}), expected);
  std::vector<std::string> bytes;
  for (char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(Split(bytes), expected);
}

TEST(ObjectSplitter, KeepsAnUnfinishedObjectAndGivesUpOnAnEndlessOne) {
  EXPECT_TRUE(Split({R"({"a":)"}).empty());
  ObjectSplitter splitter(16);
  EXPECT_FALSE(splitter.Add(R"({"a":"0123456789abcdef)", [](std::string_view) {}));
}

}  // namespace
}  // namespace tokenwarden::kubernetes
