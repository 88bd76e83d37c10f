// An application that mounts the Secret: how long until the kubelet brings it the new value, by
// itself and when the pod is touched. The node's kubelet looks as often as it does by default.
#include "tests/e2e/node/node_stage.h"

namespace tokenwarden::it {
namespace {

using MountedSecret = NodeStage;

TEST_F(MountedSecret, IsFollowedByTheKubeletAndAtOnceWhenThePodIsTouched) {
  WriteToken(Mint());
  StartMounter();
  const std::string pod = PodOf("mounter");

  const std::string second = Mint();
  double written = WallClock();
  WriteToken(second);
  Kubectl(
      {"annotate", "--overwrite", "pod", pod, "example.com/touched=" + std::to_string(written)});
  const double nudged = AwaitSeen(pod, second) - written;
  Measured("from Secret to mounted file, pod touched", nudged, "seconds");

  const std::string third = Mint();
  written = WallClock();
  WriteToken(third);
  const double alone = AwaitSeen(pod, third) - written;
  Measured("from Secret to mounted file", alone, "seconds");
}

}  // namespace
}  // namespace tokenwarden::it
