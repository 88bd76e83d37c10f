// The agent as the native sidecar of an application, on a real node: when the application starts.
// Another agent renews; here a test writes the Secret.
#include "tests/e2e/node/node_stage.h"

namespace tokenwarden::it {
namespace {

constexpr char kSidecarRestarts[] = ".status.initContainerStatuses[0].restartCount";

class Sidecar : public NodeStage {
 protected:
  // A page of the agent's, as the kubelet asks for it.
  WebReply Page(const std::string& pod, const std::string& path) const {
    return it::Get("http://" + Field("pod/" + pod, ".status.podIP") + ":9464" + path);
  }
};

TEST_F(Sidecar, TheApplicationStartsOnlyOnceTheTokenIsProven) {
  const std::string dead = Mint();
  Revoke(dead);
  WriteToken(dead);
  InstallShop();
  const std::string pod = PodOf("shop");
  ASSERT_TRUE(AwaitPod(pod, ".status.initContainerStatuses[0].started", "false"));
  const auto tells = [&] {
    return Page(pod, "/startupz").body.find("revoked") != std::string::npos;
  };
  ASSERT_TRUE(Eventually(tells, kPatience)) << Page(pod, "/startupz").body;
  EXPECT_EQ(Page(pod, "/startupz").status, 503);
  EXPECT_EQ(Field("pod/" + pod, ".status.containerStatuses[0].state.waiting.reason"),
            "PodInitializing");

  const std::string living = Mint();
  WriteToken(living);
  AwaitRollout("shop");
  EXPECT_EQ(Page(pod, "/startupz").status, 200);
  const double proven = AwaitLine(pod, "tokenwarden", "published and read back");
  EXPECT_GE(AwaitSeen(pod, living), proven);
  EXPECT_EQ(Log(pod, "shop").front().text, SeenLine(living));
  EXPECT_EQ(Field("pod/" + pod, kSidecarRestarts), "0");
}

}  // namespace
}  // namespace tokenwarden::it
