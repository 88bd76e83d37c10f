#include "agent/adapters/kubernetes/client.h"

#include <atomic>
#include <future>

#include "tests/unit/adapters/kubernetes/bench.h"

namespace tokenwarden::kubernetes {
namespace {

// Hands out one token after the other, the next one whenever the last was refused.
class Tokens : public Identity {
 public:
  explicit Tokens(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}
  Result<Presented> Present() override {
    const std::size_t last = tokens_.size() - 1;
    return Presented{Secret(tokens_[std::min<std::size_t>(static_cast<std::size_t>(next_), last)]),
                     std::nullopt};
  }
  void Forget() override { ++next_; }

 private:
  const std::vector<std::string> tokens_;
  std::atomic<int> next_{0};
};

ApiRequest GetBot() { return ApiRequest{Operation{"get", kSecrets, {"default", "bot"}}}; }

HttpReply Busy(int code, const std::string& wait) {
  HttpReply reply = FakeApiServer::Status(code, "TooManyRequests", "too many requests");
  reply.headers = {{"retry-after", wait}};
  return reply;
}

struct ClientTest : testing::Test, Bench {
  ClientTest() { api.EditSecret("default/bot", "k", "v"); }
};

TEST_F(ClientTest, SaysWhoWeAreAndWhatWeUnderstand) {
  ASSERT_TRUE(client.Ask(GetBot()));
  const FakeApiServer::Sent sent = api.sent().front();
  EXPECT_EQ(sent.bearer, FakeBearer());
  EXPECT_EQ(sent.headers.at("User-Agent").rfind("tokenwarden/", 0), 0u);
  EXPECT_EQ(sent.headers.at("Accept"), "application/json");
}

TEST_F(ClientTest, TriesARotatedTokenOnceAfterARefusal) {
  api.Accept({"new-bearer"});
  Client rotating(
      ConnectionAs(std::make_unique<Tokens>(std::vector<std::string>{"old-bearer", "new-bearer"})),
      api, clock);
  ASSERT_TRUE(rotating.Ask(GetBot()));
  EXPECT_EQ(api.CountSent("GET"), 2);
}

TEST_F(ClientTest, DoesNotRepeatARefusedTokenThatIsStillTheSame) {
  api.Accept({"another-bearer"});
  const auto refused = client.Ask(GetBot());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "unauthenticated");
  EXPECT_EQ(api.CountSent("GET"), 1);
}

TEST_F(ClientTest, RepeatsARequestWhoseReplyWasLost) {
  api.LoseReply("GET", "/bot");
  EXPECT_TRUE(client.Ask(GetBot()));
  EXPECT_EQ(api.CountSent("GET"), 2);
}

TEST_F(ClientTest, GivesUpOnAConnectionThatBreaksAgainAndAgain) {
  for (int i = 0; i < 5; ++i) api.LoseReply("GET", "/bot");
  const auto lost = client.Ask(GetBot());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().reason, "connection_lost");
  EXPECT_EQ(lost.error().message.rfind("cannot get secret default/bot: ", 0), 0u);
  EXPECT_EQ(api.CountSent("GET"), 3);
}

TEST_F(ClientTest, WaitsAsLongAsABusyServerAsksAndThenGoesOn) {
  api.Refuse("GET", "/bot", Busy(429, "1"));
  auto waiting = std::async(std::launch::async, [&] { return client.Ask(GetBot()).has_value(); });
  ASSERT_TRUE(Eventually([&] { return clock.waits() == 1; }));
  EXPECT_EQ(api.CountSent("GET"), 1);
  clock.Advance(Seconds(1));
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(api.CountSent("GET"), 2);
}

TEST_F(ClientTest, DoesNotAskAServerAgainBeforeALongWaitIsOver) {
  api.Refuse("GET", "/bot", Busy(503, "30"));
  EXPECT_EQ(client.Ask(GetBot()).error().reason, "server_error");
  const auto early = client.Ask(GetBot());
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().reason, "rate_limited");
  EXPECT_NE(early.error().message.find("wait 30 seconds"), std::string::npos);
  EXPECT_EQ(api.CountSent("GET"), 1);
  clock.Advance(Seconds(31));
  EXPECT_TRUE(client.Ask(GetBot()));
}

TEST_F(ClientTest, AsksAnywayForWhatCannotWait) {
  api.Refuse("GET", "/bot", Busy(429, "30"));
  ApiRequest urgent = GetBot();
  urgent.patience.reset();
  EXPECT_FALSE(client.Ask(urgent));
  EXPECT_TRUE(client.Ask(urgent));
}

TEST_F(ClientTest, TakesACutOffReplyForNoReply) {
  HttpReply cut;
  cut.status = 200;
  cut.body = R"({"kind":"Secret","metadata":{"na)";
  api.Refuse("GET", "/bot", cut);
  const auto reply = client.Ask(GetBot());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(reply.error().reason, "bad_reply");
}

TEST_F(ClientTest, NamesWhatItWantedWhenNobodyAnswers) {
  api.SetReachable(false);
  const auto reply = client.Ask(GetBot());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "connect");
  EXPECT_NE(reply.error().message.find("get secret default/bot"), std::string::npos);
}

TEST(ParseJson, RefusesHalvesAndDepthsWithoutThrowing) {
  EXPECT_FALSE(ParseJson(""));
  EXPECT_FALSE(ParseJson(R"({"a":)"));
  EXPECT_FALSE(ParseJson(R"({"a":1} {)"));
  EXPECT_FALSE(ParseJson(std::string(100000, '[')));
  EXPECT_TRUE(ParseJson(R"({"a":{"b":[1]}})"));
}

TEST(ParseObjectName, TakesTheDefaultNamespaceAndRefusesWhatIsNoName) {
  EXPECT_EQ(*ParseObjectName("prod/app", "default"), (ObjectName{"prod", "app"}));
  EXPECT_EQ(*ParseObjectName("app", "default"), (ObjectName{"default", "app"}));
  EXPECT_EQ(*ParseObjectName("/app", "default"), (ObjectName{"default", "app"}));
  for (const char* bad : {"prod/App", "prod/a/b", "prod/a?b", "pr od/a", "prod/-a", "../a/b"}) {
    const auto name = ParseObjectName(bad, "default");
    ASSERT_FALSE(name) << bad;
    EXPECT_EQ(name.error().reason, "bad_name") << bad;
  }
  EXPECT_EQ(ParseObjectName("prod/", "default").error().reason, "no_path");
}

TEST(CheckKey, KnowsWhatASecretAllows) {
  for (const char* good : {"access_token", "tls.crt", ".env", "A-1"}) EXPECT_TRUE(CheckKey(good));
  EXPECT_EQ(CheckKey("").error().reason, "no_key");
  for (const char* bad : {".", "..", "..data", "a b", "a/b", "\xC3\xA9"}) {
    EXPECT_EQ(CheckKey(bad).error().reason, "bad_key") << bad;
  }
}

}  // namespace
}  // namespace tokenwarden::kubernetes
