// A real Vault that is sealed, killed, restarted, replaced by its standby, throttled, and cut off
// by the network: the adapter says so, resumes by itself and loses nothing.
#include "tests/servers/fixture/toxiproxy.h"
#include "tests/servers/vault/vault_stage.h"

namespace tokenwarden::it {
namespace {

const SecretRef kRef{SecretRef::Kind::kVault, "secret/a", "access_token"};

class VaultOutage : public VaultStage {};

void ExpectHeld(const VaultServer& server, const std::string& value) {
  EXPECT_EQ(server.Must({"kv", "get", "-field=access_token", "secret/a"}), value);
}

// One server that is hurt by each test, and mended at its end.
VaultServer& RaftVault() {
  static const std::unique_ptr<VaultServer> server = VaultServer::StartRaft();
  return *server;
}

TEST(VaultOnRaft, SealedKilledAndRestartedIsSilenceAndThenGoesOn) {
  VaultServer& server = RaftVault();
  VaultClient client;
  const auto vault = client.Connect(client.SpecFor(server, server.root_token()));
  ASSERT_TRUE(Publish(*vault, SinkAt("secret/a"), "one", MarkerOf(1)));
  server.Seal();
  auto sealed = Publish(*vault, SinkAt("secret/a"), "two", MarkerOf(2));
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().reason, "sealed");
  EXPECT_EQ(sealed.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(sealed.error().action.find("unseal"), std::string::npos);
  const auto newcomer = client.Connect(client.SpecFor(server, server.root_token()));
  EXPECT_EQ(newcomer->Resolve(kRef).error().reason, "sealed");  // no refused login
  server.Kill();
  auto gone = Publish(*vault, SinkAt("secret/a"), "two", MarkerOf(2));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::kUnavailable);
  server.Restart();
  EXPECT_EQ(Publish(*vault, SinkAt("secret/a"), "two", MarkerOf(2)).error().reason, "sealed");
  server.Unseal();
  auto back = Publish(*vault, SinkAt("secret/a"), "two", MarkerOf(2));
  ASSERT_TRUE(back) << back.error().message;
  ExpectHeld(server, "two");
  client.clock_.Advance(Seconds{2});
  auto read = newcomer->Resolve(kRef);
  ASSERT_TRUE(read) << read.error().message;
}

TEST(VaultOnRaft, AStandbyServesAsTheLeaderDoesAndSaysWhenThereIsNone) {
  VaultServer& leader = RaftVault();
  const auto standby = leader.StartStandby();
  VaultClient client;
  const auto vault = client.Connect(client.SpecFor(*standby, leader.root_token()));
  const auto sink = *vault->MakeSink(SinkAt("secret/b"));
  auto report = sink->Publish(Secret("one"), MarkerOf(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(sink->Read()->Reveal(), "one");
  EXPECT_EQ(leader.Must({"kv", "get", "-field=access_token", "secret/b"}), "one");

  leader.Kill();
  const auto alone = sink->Publish(Secret("two"), MarkerOf(2));
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().kind, ErrorKind::kUnavailable) << alone.error().message;

  leader.Restart();
  leader.Unseal();
  report = sink->Publish(Secret("two"), MarkerOf(2));
  for (int tries = 0; tries < 200 && !report; ++tries) {  // until a leader is elected and known
    EXPECT_EQ(report.error().kind, ErrorKind::kUnavailable) << report.error().message;
    standby->Vault({"token", "lookup"});
    client.clock_.Advance(Seconds{5});
    report = sink->Publish(Secret("two"), MarkerOf(2));
  }
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(leader.Must({"kv", "get", "-field=access_token", "secret/b"}), "two");
}

TEST_F(VaultOutage, ARateLimitQuotaIsNoRefusalAndIsObeyed) {
  server_.Must({"kv", "put", path_, "access_token=v"});
  const std::string token = NewToken({});
  server_.Must({"write", "sys/quotas/rate-limit/slow", "path=secret", "rate=1", "interval=60s"});
  const SecretRef ref{SecretRef::Kind::kVault, path_, "access_token"};
  const auto read_until_throttled = [&](vault::Vault& vault) {
    Result<Secret> value = vault.Resolve(ref);
    for (int i = 0; i < 5 && value; ++i) value = vault.Resolve(ref);
    return value;
  };
  const auto vault = ConnectAs(token);
  const Result<Secret> silent = read_until_throttled(*vault);
  server_.Must({"write", "sys/quotas/config", "enable_rate_limit_response_headers=true"});
  const Result<Secret> throttled = read_until_throttled(*vault);
  // From now on the server is left alone for as long as it said.
  server_.Must({"delete", "sys/quotas/rate-limit/slow"});
  const Result<Secret> waiting = vault->Resolve(ref);
  server_.Must({"write", "sys/quotas/config", "enable_rate_limit_response_headers=false"});
  for (const Result<Secret>* each : {&silent, &throttled, &waiting}) {
    ASSERT_FALSE(*each);
    EXPECT_EQ(each->error().reason, "rate_limited") << each->error().message;
    EXPECT_EQ(each->error().kind, ErrorKind::kResourceExhausted);
  }
  EXPECT_NE(throttled.error().message.find("asks us to wait"), std::string::npos)
      << throttled.error().message;
  EXPECT_EQ(waiting.error().message.find("Did not ask"), 0u) << waiting.error().message;
  clock_.Advance(Seconds{61});
  EXPECT_TRUE(vault->Resolve(ref));
}

// The network fails in every way on the way back; then it is mended and the same is published
// again.
class VaultBehindABadNetwork : public VaultStage {
 protected:
  VaultBehindABadNetwork() {
    address_ = proxy_.AddProxy("vault", server_.address().substr(7));
    server_.Must({"kv", "put", path_, "other=kept"});
  }
  std::unique_ptr<vault::Vault> ConnectThroughProxy() {
    VaultSpec spec = SpecFor(server_, server_.root_token());
    spec.address = "http://" + address_;
    return Connect(spec);
  }
  // Publishes a new generation through the fault, then without it.
  void PublishThrough(const std::string& type, const std::string& attributes,
                      const std::string& stream = "downstream") {
    const std::string value = "value-" + std::to_string(++generation_);
    const auto vault = ConnectThroughProxy();
    ASSERT_TRUE(vault->Resolve({SecretRef::Kind::kVault, path_, "other"}));
    proxy_.AddToxic("vault", type, attributes, stream);
    const auto first = Publish(*vault, SinkAt(path_), value, MarkerOf(generation_, 1));
    failed_ += first ? 0 : 1;
    if (!first) {
      EXPECT_TRUE(first.error().kind == ErrorKind::kUnavailable ||
                  first.error().kind == ErrorKind::kDeadlineExceeded)
          << first.error().reason << ": " << first.error().message;
    }
    proxy_.Reset();
    const auto sink = *vault->MakeSink(SinkAt(path_));
    const auto second = sink->Publish(Secret(value), MarkerOf(generation_, 1));
    ASSERT_TRUE(second) << type << attributes << ": " << second.error().message;
    EXPECT_EQ(sink->Read()->Reveal(), value);
    EXPECT_EQ(Field(path_, "access_token"), value);
    EXPECT_EQ(Field(path_, "other"), "kept");
  }

  Toxiproxy proxy_;
  std::string address_;
  Generation generation_ = 0;
  int failed_ = 0;
};

TEST_F(VaultBehindABadNetwork, CutAfterAnyNumberOfBytesLosesNothingAndWritesNothingTwice) {
  // The replies to the three requests of a publish have about 1800 bytes.
  for (int bytes = 0; bytes <= 2400; bytes += 150) {
    PublishThrough("limit_data", "{\"bytes\":" + std::to_string(bytes) + "}");
  }
  EXPECT_GE(failed_, 8);
  EXPECT_LT(failed_, static_cast<int>(generation_));
  EXPECT_EQ(Everything(path_)["metadata"]["version"], generation_ + 1);
}

TEST_F(VaultBehindABadNetwork, ResetSlowAndChoppedConnectionsLoseNothing) {
  PublishThrough("reset_peer", R"({"timeout":0})");
  PublishThrough("reset_peer", R"({"timeout":20})");
  PublishThrough("latency", R"({"latency":30,"jitter":20})");
  PublishThrough("slicer", R"({"average_size":7,"size_variation":5,"delay":100})");
  PublishThrough("bandwidth", R"({"rate":2})");
  PublishThrough("reset_peer", R"({"timeout":0})", "upstream");
  PublishThrough("limit_data", R"({"bytes":300})", "upstream");
  EXPECT_GE(failed_, 2);
  EXPECT_EQ(Everything(path_)["metadata"]["version"], generation_ + 1);
}

TEST_F(VaultBehindABadNetwork, AServerThatNeverAnswersIsGivenUpOn) {
  const auto vault = ConnectThroughProxy();
  ASSERT_TRUE(vault->Resolve({SecretRef::Kind::kVault, path_, "other"}));
  proxy_.AddToxic("vault", "timeout", R"({"timeout":0})");
  const auto hung = Publish(*vault, SinkAt(path_), "value", MarkerOf(1));
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().kind, ErrorKind::kDeadlineExceeded) << hung.error().message;
  proxy_.Reset();
  EXPECT_TRUE(Publish(*vault, SinkAt(path_), "value", MarkerOf(1)));
}

}  // namespace
}  // namespace tokenwarden::it
