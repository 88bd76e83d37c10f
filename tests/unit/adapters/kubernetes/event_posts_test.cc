#include "agent/adapters/kubernetes/event_posts.h"

#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

struct EventPostsTest : testing::Test, Bench {
  static Event Of(Event::Kind kind, const std::string& reason, LogLevel level = LogLevel::kInfo) {
    Event event;
    event.kind = kind;
    event.level = level;
    event.message = "something happened";
    event.credential = "whatsapp";
    event.reason = reason;
    return event;
  }
  static Event OfSink(Event::Kind kind, const std::string& reason, LogLevel level) {
    Event event = Of(kind, reason, level);
    event.sink = "kubernetes";
    event.target = "prod/bot#access_token";
    return event;
  }
  bool Posted(std::size_t count) {
    return Eventually([&] { return api.events().size() == count; });
  }

  EventPosts posts{client, {"prod", "agent-0"}, "pod-uid", &heard};
};

TEST_F(EventPostsTest, RecordsATransitionOnOurPod) {
  posts.On(Of(Event::Kind::kStateChanged, "revoked", LogLevel::kWarn));
  ASSERT_TRUE(Posted(1));
  const FakeApiServer::Json event = api.events()[0];
  EXPECT_EQ(event["apiVersion"], "events.k8s.io/v1");
  EXPECT_EQ(event["reason"], "StateChanged");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["note"], "whatsapp: something happened (revoked)");
  EXPECT_EQ(event["eventTime"], "2026-11-20T10:00:00.000000Z");
  EXPECT_EQ(event["reportingInstance"], "agent-0");
  EXPECT_EQ(event["regarding"]["kind"], "Pod");
  EXPECT_EQ(event["regarding"]["uid"], "pod-uid");
  EXPECT_EQ(api.sent()[0].path, "/apis/events.k8s.io/v1/namespaces/prod/events");
}

TEST_F(EventPostsTest, RecordsWhatASinkDoesOnItsSecret) {
  posts.On(OfSink(Event::Kind::kPublished, "written", LogLevel::kInfo));
  ASSERT_TRUE(Posted(1));
  EXPECT_EQ(api.events()[0]["regarding"]["kind"], "Secret");
  EXPECT_EQ(api.events()[0]["regarding"]["name"], "bot");
  EXPECT_EQ(api.events()[0]["type"], "Normal");
}

TEST_F(EventPostsTest, RecordsAFailureOnceUntilItsReasonChangesOrItIsOver) {
  const auto fail = [&](const char* reason) {
    posts.On(OfSink(Event::Kind::kPublishFailed, reason, LogLevel::kError));
  };
  for (int i = 0; i < 3; ++i) fail("forbidden");
  fail("rate_limited");
  ASSERT_TRUE(Posted(2));
  posts.On(OfSink(Event::Kind::kPublished, "written", LogLevel::kInfo));
  fail("rate_limited");
  ASSERT_TRUE(Posted(4));
  EXPECT_EQ(api.events()[3]["reason"], "PublishFailed");
}

TEST_F(EventPostsTest, LeavesOutWhatIsNoNews) {
  posts.On(OfSink(Event::Kind::kPublished, "unchanged", LogLevel::kDebug));
  posts.On(Of(Event::Kind::kInspected, "valid"));
  posts.On(Of(Event::Kind::kRpcServed, "OK"));
  posts.On(Of(Event::Kind::kNeedsOperator, "refused", LogLevel::kError));
  ASSERT_TRUE(Posted(1));
  EXPECT_EQ(api.events()[0]["reason"], "OperatorNeeded");
}

TEST_F(EventPostsTest, CutsALongNoteToWhatTheServerTakes) {
  Event event = Of(Event::Kind::kNeedsOperator, "refused", LogLevel::kError);
  for (int i = 0; i < 600; ++i) event.message += "\xC3\xA9";
  posts.On(event);
  ASSERT_TRUE(Posted(1));
  EXPECT_LE(api.events()[0]["note"].get<std::string>().size(), 1024u);
}

TEST_F(EventPostsTest, StopsTryingWhereItMayNotAndSaysSoOnce) {
  api.Refuse("POST", "/events",
             FakeApiServer::Status(403, "Forbidden", "User \"u\" cannot create resource"), 9);
  posts.On(Of(Event::Kind::kStateChanged, "expired"));
  ASSERT_TRUE(Eventually([&] { return heard.all().size() == 1; }));
  EXPECT_EQ(heard.all()[0].reason, "forbidden_create");
  posts.On(Of(Event::Kind::kStateChanged, "valid"));
  posts.Stop();
  EXPECT_EQ(api.CountSent("POST"), 1);
}

TEST_F(EventPostsTest, DropsWhatComesTooThickAndNeverBlocks) {
  for (int i = 0; i < 500; ++i) posts.On(Of(Event::Kind::kStateChanged, std::to_string(i)));
  ASSERT_TRUE(Posted(25));
  clock.Advance(Seconds(10));
  posts.On(Of(Event::Kind::kStateChanged, "later"));
  ASSERT_TRUE(Posted(26));
  EXPECT_EQ(api.events()[25]["note"], "whatsapp: something happened (later)");
}

TEST_F(EventPostsTest, HasNothingToRegardOutsideOfAPod) {
  EventPosts outside(client, {}, "", nullptr);
  outside.On(Of(Event::Kind::kStateChanged, "expired"));
  outside.On(OfSink(Event::Kind::kDrifted, "repair", LogLevel::kWarn));
  ASSERT_TRUE(Posted(1));
  EXPECT_EQ(api.events()[0]["reason"], "Drifted");
}

}  // namespace
}  // namespace tokenwarden::kubernetes
