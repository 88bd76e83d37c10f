// What the adapter does with answers that a real server gives rarely.
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "agent/adapters/vault/vault.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_places.h"

namespace tokenwarden::vault {
namespace {

struct Seen {
  std::string path;
  std::string token;
};

// Answers each path with what was prepared for it, in order; the last one again and again.
class ScriptedVault : public HttpClient {
 public:
  void On(const std::string& path, int status, const std::string& body,
          const std::string& type = "application/json") {
    HttpReply reply;
    reply.status = status;
    reply.headers = {{"content-type", type}};
    reply.body = body;
    answers_[path].push_back(std::move(reply));
  }
  Result<HttpReply> Send(const HttpRequest& request) override {
    const std::string path = request.url.substr(request.url.find("/v1/") + 4);
    std::string token;
    for (const auto& [name, value] : request.secret_headers) {
      if (name == "X-Vault-Token") token = std::string(value.Reveal());
    }
    seen.push_back({path, token});
    auto& queue = answers_[path];
    if (queue.empty()) return MakeError(ErrorKind::kUnavailable, "connect", "nobody is there");
    HttpReply reply = queue.front();
    if (queue.size() > 1) queue.pop_front();
    return reply;
  }
  int CountOf(const std::string& path) const {
    int count = 0;
    for (const Seen& each : seen) count += each.path == path ? 1 : 0;
    return count;
  }
  std::vector<Seen> seen;

 private:
  std::map<std::string, std::deque<HttpReply>> answers_;
};

constexpr char kLoginPath[] = "auth/approle/login";
constexpr char kMountPath[] = "sys/internal/ui/mounts/secret/a";
constexpr char kDataPath[] = "secret/data/a";

std::string Login(const std::string& token, int ttl) {
  return R"({"auth":{"client_token":")" + token + R"(","lease_duration":)" + std::to_string(ttl) +
         R"(,"renewable":true}})";
}

struct Stage {
  Stage() {
    places.Put("env ROLE", "role-id");
    places.Put("env SECRET", "secret-id");
    http.On(kMountPath, 200,
            R"({"data":{"path":"secret/","type":"kv","options":{"version":"2"}}})");
    http.On(kDataPath, 200, R"({"data":{"data":{"k":"v"},"metadata":{"version":1}}})");
    VaultSpec spec;
    spec.address = "https://vault.example:8200/";
    spec.vault_namespace = "team";
    spec.auth.kind = VaultAuthSpec::Kind::kAppRole;
    spec.auth.role_id = SecretRef{SecretRef::Kind::kEnv, "ROLE", ""};
    spec.auth.secret_id = SecretRef{SecretRef::Kind::kEnv, "SECRET", ""};
    vault = *Vault::Make(spec, http, clock, places, {});
  }
  Result<Secret> Read() { return vault->Resolve({SecretRef::Kind::kVault, "secret/a", "k"}); }

  ScriptedVault http;
  FakeClock clock{FromUnix(1795262400)};
  FakePlaces places;
  std::unique_ptr<Vault> vault;
};

TEST(VaultSession, LogsInOnceForManyRequests) {
  Stage stage;
  stage.http.On(kLoginPath, 200, Login("t1", 3600));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(stage.Read());
  EXPECT_EQ(stage.http.CountOf(kLoginPath), 1);
  EXPECT_EQ(stage.http.CountOf(kMountPath), 1);
}

TEST(VaultSession, RenewsAfterTwoThirdsOfTheLifeAndNotBefore) {
  Stage stage;
  stage.http.On(kLoginPath, 200, Login("t1", 900));
  stage.http.On("auth/token/renew-self", 200, Login("t1", 900));
  ASSERT_TRUE(stage.Read());
  stage.clock.Advance(Seconds{590});
  ASSERT_TRUE(stage.Read());
  EXPECT_EQ(stage.http.CountOf("auth/token/renew-self"), 0);
  stage.clock.Advance(Seconds{20});
  ASSERT_TRUE(stage.Read());
  EXPECT_EQ(stage.http.CountOf("auth/token/renew-self"), 1);
  EXPECT_EQ(stage.http.CountOf(kLoginPath), 1);
}

TEST(VaultSession, KeepsALivingTokenWhenTheRenewalCannotBeAsked) {
  Stage stage;
  stage.http.On(kLoginPath, 200, Login("t1", 900));
  stage.http.On("auth/token/renew-self", 503, R"({"errors":["Vault is sealed"]})");
  ASSERT_TRUE(stage.Read());
  stage.clock.Advance(Seconds{700});
  ASSERT_TRUE(stage.Read());
  EXPECT_EQ(stage.http.CountOf(kLoginPath), 1);
}

TEST(VaultSession, LogsInAgainOnceForADeadTokenAndRepeatsTheRequest) {
  Stage stage;
  stage.http.On(kLoginPath, 200, Login("t1", 900));
  stage.http.On(kLoginPath, 200, Login("t2", 900));
  ScriptedVault& http = stage.http;
  ASSERT_TRUE(stage.Read());
  http.On("secret/data/b", 403,
          R"({"errors":["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]})");
  http.On("secret/data/b", 200, R"({"data":{"data":{"k":"w"},"metadata":{"version":1}}})");
  http.On("sys/internal/ui/mounts/secret/b", 200,
          R"({"data":{"path":"secret/","type":"kv","options":{"version":"2"}}})");
  auto value = stage.vault->Resolve({SecretRef::Kind::kVault, "secret/b", "k"});
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->Reveal(), "w");
  EXPECT_EQ(http.seen.back().token, "t2");
}

TEST(VaultSession, DoesNotStormAServerThatRefusesTheLogin) {
  Stage stage;
  stage.http.On(kLoginPath, 400, R"({"errors":["invalid role or secret ID"]})");
  for (int i = 0; i < 20; ++i) {
    auto refused = stage.Read();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "login_refused");
  }
  EXPECT_EQ(stage.http.CountOf(kLoginPath), 1);
  for (int minute = 0; minute < 10; ++minute) {
    stage.clock.Advance(Seconds{90});
    stage.Read();
  }
  EXPECT_EQ(stage.http.CountOf(kLoginPath), 11);  // it never gives up for good
}

TEST(VaultSession, TakesNeitherAnEmptySuccessNorAPageOfAProxyForAnAnswer) {
  Stage stage;
  stage.http.On(kLoginPath, 200, Login("t1", 900));
  stage.http.On("sys/internal/ui/mounts/secret/c", 200, "");
  auto empty = stage.vault->Resolve({SecretRef::Kind::kVault, "secret/c", "k"});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().reason, "bad_reply");
  stage.http.On("sys/internal/ui/mounts/secret/d", 403, "<html>blocked</html>", "text/html");
  auto page = stage.vault->Resolve({SecretRef::Kind::kVault, "secret/d", "k"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace tokenwarden::vault
