// What is taken for an answer, and how a server that asks for patience is obeyed.
#include <future>

#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

class VaultConnection : public Stage {
 protected:
  VaultConnection() { api_.kv().Put("a", kKey, "v"); }

  static HttpReply Page(int status, const std::string& type, const std::string& body) {
    HttpReply reply;
    reply.status = status;
    reply.headers = {{"content-type", type}};
    reply.body = body;
    return reply;
  }
  static HttpReply Throttled(int status, const std::string& retry_after) {
    HttpReply reply = FakeVault::Reply(status, "rate limit quota exceeded");
    reply.headers.emplace_back("retry-after", retry_after);
    return reply;
  }
  // Reads while the clock goes on by itself.
  Result<Secret> ReadWhileTimePasses(Vault& vault) {
    auto reading = std::async(std::launch::async, [&] { return Read(vault); });
    while (reading.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      clock_.Advance(Seconds(1));
    }
    return reading.get();
  }
};

TEST_F(VaultConnection, SendsWhatProxiesAndNamespacesNeed) {
  VaultSpec spec;
  spec.auth = ByRoot();
  Options options;
  options.environment = [](const char* name) -> const char* {
    if (std::string(name) == "VAULT_ADDR") return "https://vault.example:8200//";
    return std::string(name) == "VAULT_NAMESPACE" ? "team/eu" : nullptr;
  };
  const auto vault = *Vault::Make(spec, api_, clock_, places_, options);
  ExpectReads(*vault, "v");
  const FakeVault::Sent last = api_.sent().back();
  EXPECT_EQ(last.path, "secret/data/a");
  EXPECT_EQ(last.headers.at("X-Vault-Request"), "true");
  EXPECT_EQ(last.headers.at("X-Vault-Namespace"), "team/eu");
  EXPECT_EQ(last.headers.count("X-Vault-Forward"), 0u);  // refused where it is not configured
  EXPECT_EQ(last.token, "root");
}

TEST_F(VaultConnection, NeedsAnAddress) {
  Options options;
  options.environment = [](const char*) -> const char* { return nullptr; };
  ExpectFails(Vault::Make({}, api_, clock_, places_, options), ErrorKind::kFailedPrecondition,
              "no_vault_configured");
}

// A proxy's page must not decide that a secret is missing, a token dead or a write done.
TEST_F(VaultConnection, TakesNeitherAPageOfAProxyNorACutAnswerForVaults) {
  const HttpReply replies[] = {
      Page(200, "text/html", "<html>log in</html>"),
      Page(200, "application/json", ""),
      Page(200, "application/json", R"({"data":{"data":{"k":"v"},)"),
      Page(200, "application/json", "[]"),
      Page(403, "text/html", "<html>blocked</html>"),
      Page(404, "text/html", "<html>not found</html>"),
      Page(404, "text/html", ""),
      Page(400, "text/plain", "bad request"),
  };
  const auto vault = Connect(ByRoot());
  ExpectReads(*vault, "v");
  for (const HttpReply& reply : replies) {
    api_.Refuse("GET", "secret/data/a", reply);
    ExpectFails(Read(*vault), ErrorKind::kUnavailable, "bad_reply");
  }
  ExpectReads(*vault, "v");
}

TEST_F(VaultConnection, WaitsShortlyWhenAskedTo) {
  const auto vault = Connect(ByRoot());
  ExpectReads(*vault, "v");
  api_.Refuse("GET", "secret/data/a", Throttled(429, "1"));
  const Result<Secret> read = ReadWhileTimePasses(*vault);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->Reveal(), "v");
}

TEST_F(VaultConnection, LeavesAServerAloneThatAsksForLong) {
  const auto vault = Connect(ByRoot());
  ExpectReads(*vault, "v");
  api_.Refuse("GET", "secret/data/a", Throttled(429, "30"));
  ExpectFails(Read(*vault), ErrorKind::kResourceExhausted, "rate_limited");
  api_.ClearSent();
  ExpectFails(Read(*vault), ErrorKind::kResourceExhausted, "rate_limited");
  EXPECT_EQ(api_.CountSent(""), 0);
  clock_.Advance(Seconds(31));
  ExpectReads(*vault, "v");
}

TEST_F(VaultConnection, DoesNotWaitForAThrottleThatNamesNoTime) {
  const auto vault = Connect(ByRoot());
  ExpectReads(*vault, "v");
  api_.Refuse("GET", "secret/data/a", FakeVault::Reply(429, "rate limit quota exceeded"));
  ExpectFails(Read(*vault), ErrorKind::kResourceExhausted, "rate_limited");
  api_.Refuse("GET", "secret/data/a", Throttled(429, "Wed, 21 Oct 2026 07:28:00 GMT"));
  ExpectFails(Read(*vault), ErrorKind::kResourceExhausted, "rate_limited");
  ExpectReads(*vault, "v");
}

TEST_F(VaultConnection, AsksANodeAgainThatIsBehindWhatWeWrote) {
  const auto vault = Connect(ByRoot());
  api_.HandOutIndexes(0);
  ASSERT_TRUE(Publish(*vault, "w", Marker(1)));
  api_.HandOutIndexes(2);
  const Result<Secret> read = ReadWhileTimePasses(*vault);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(api_.sent().back().headers.at("X-Vault-Index"), "index");
  api_.HandOutIndexes(100);
  ExpectFails(ReadWhileTimePasses(*vault), ErrorKind::kUnavailable, "behind");
}

TEST_F(VaultConnection, DoesNotFollowAStandbyToAnotherHost) {
  const auto vault = Connect(ByRoot());
  ExpectReads(*vault, "v");
  HttpReply standby;
  standby.status = 307;
  standby.headers = {{"location", "https://elsewhere.example/v1/secret/data/a"}};
  api_.Refuse("GET", "secret/data/a", standby);
  ExpectFails(Read(*vault), ErrorKind::kUnavailable, "standby");
}

}  // namespace
}  // namespace tokenwarden::vault
