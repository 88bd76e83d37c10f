// The chart `tokenwarden` on a real node: it renews, and everybody who has the token gets the new
// one, whatever happens to pods and servers meanwhile.
#include "tests/e2e/node/node_stage.h"

namespace tokenwarden::it {
namespace {

class Keeper : public NodeStage {
 protected:
  void Start(const std::vector<std::string>& more = {}) {
    token_ = Mint();
    WriteToken(token_);
    StartBot();
    InstallKeeper(more);
  }
  void StartWithShop() {
    Start();
    InstallShop();
    AwaitRollout("shop");
    shop_ = PodOf("shop");
    AwaitSeen(shop_, token_);
  }
  // Waits for the newest of `count` renewals in the Secret, and says when the issuer made it.
  double AwaitRenewal(int count) {
    const double made = AwaitGenerated(count);
    EXPECT_TRUE(Eventually([&] { return Token() != token_; }, kPatience));
    token_ = Token();
    return made;
  }
  std::string Revision() const {
    return Field("deployment/bot", ".metadata.annotations.deployment\\.kubernetes\\.io/revision");
  }
  // Waits until the issuer was asked about the token in use, and found it alive, after now.
  void AwaitAnotherLook() {
    const auto looks = [&] { return issuer().Counts()["by_path"].value("GET /debug_token", 0); };
    const int before = looks();
    EXPECT_TRUE(Eventually([&] { return looks() >= before + 3; }, kPatience));
  }

  std::string token_;
  std::string shop_;
};

TEST_F(Keeper, ADeadTokenIsReplacedAndEverybodyGetsTheNewOne) {
  StartWithShop();
  const double killed = WallClock();
  Revoke(token_);
  const double made = AwaitRenewal(1);
  const double in_shop = AwaitSeen(shop_, token_);
  Measured("from a dead token to the application, looked at every second", in_shop - killed,
           "seconds");
  Measured("from the issuer's new token to the application", in_shop - made, "seconds");
  EXPECT_EQ(Field("pod/" + shop_, ".status.containerStatuses[0].restartCount"), "0");

  // Who has it in its environment was restarted, once.
  ASSERT_TRUE(Eventually([&] { return Revision() == "2"; }, kPatience)) << Revision();
  AwaitRollout("bot");
  const double in_bot = AwaitSeen(PodOf("bot"), token_);
  Measured("from the issuer's new token to a restarted application", in_bot - made, "seconds");
  AwaitAnotherLook();
  EXPECT_EQ(Revision(), "2");
  EXPECT_EQ(Generated(), 1);
  Measured("keeper PSS", static_cast<double>(AgentProcess(PodOf("tokenwarden")).PssKib()) / 1024,
           "MiB");
}

TEST_F(Keeper, AnUpgradeDuringARenewalNeitherLosesNorRepeatsIt) {
  Start();
  const std::string before = PodOf("tokenwarden");
  issuer().Control("knobs", {{"latency_ms", 1000}});
  const std::string first = token_;
  Revoke(first);
  ASSERT_NO_THROW(AwaitLine(before, "tokenwarden", "renewal started"));
  UpgradeKeeper({"config.log.format=text"});
  AwaitRollout("keeper-tokenwarden");
  const std::string after = PodOf("tokenwarden");
  EXPECT_NE(after, before);
  issuer().Control("knobs", {{"latency_ms", 0}});
  EXPECT_TRUE(Eventually([&] { return Token() != first; }, kPatience));
  token_ = Token();
  ASSERT_TRUE(Eventually([&] { return Revision() == "2"; }, kPatience)) << Revision();
  AwaitRollout("bot");
  AwaitSeen(PodOf("bot"), token_);
  AwaitAnotherLook();
  EXPECT_EQ(Token(), token_);
  EXPECT_EQ(Revision(), "2");
  EXPECT_EQ(Generated(), 1);
}

TEST_F(Keeper, AnEvictedPodIsReplacedByOneThatGoesOn) {
  Start();
  const std::string before = PodOf("tokenwarden");
  const Json eviction = {{"apiVersion", "policy/v1"},
                         {"kind", "Eviction"},
                         {"metadata", {{"name", before}, {"namespace", space()}}}};
  const double asked = WallClock();
  Kubectl({"create", "--raw", "/api/v1/namespaces/" + space() + "/pods/" + before + "/eviction",
           "-f", "-"},
          eviction.dump());
  EXPECT_TRUE(
      Eventually([&] { return Field("pod/" + before, ".metadata.name").empty(); }, kPatience));
  const std::string after = PodOf("tokenwarden");
  AwaitRollout("keeper-tokenwarden");
  const double taken = AwaitLine(after, "tokenwarden", "a shard was gained");
  Measured("from eviction to the next agent", taken - asked, "seconds");
  Revoke(token_);
  AwaitRenewal(1);
  ASSERT_TRUE(Eventually([&] { return Revision() == "2"; }, kPatience)) << Revision();
  EXPECT_EQ(Generated(), 1);
}

}  // namespace
}  // namespace tokenwarden::it
