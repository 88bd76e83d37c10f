// NodeStage: a namespace of a real node that enforces Pod Security `restricted`, with an issuer
// that its pods reach, the chart `tokenwarden` that renews a token there ("the keeper"), and an
// application that has the agent as its sidecar ("the shop").
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/charts/helm.h"
#include "tests/e2e/node/node_process.h"
#include "tests/integration/stage.h"
#include "tests/servers/fixture/server.h"

namespace tokenwarden::it {

// What is waited for at most, on a machine that is busy with other things.
constexpr std::chrono::seconds kPatience{150};

class NodeStage : public testing::Test {
 protected:
  struct Line {
    double at = 0;  // seconds since 1970, as the kubelet has it
    std::string text;
  };

  NodeStage();
  void TearDown() override;

  static Cluster& cluster();
  const std::string& space() const { return space_; }
  Simulator& issuer() { return issuer_; }

  // A token that lasts sixty days.
  std::string Mint();
  void Revoke(const std::string& token);
  // What the Secret `whatsapp-token` holds. Whoever writes it here takes it from the agent.
  void WriteToken(const std::string& token);
  std::string Token() const;

  // Helm with a chart in this namespace; `more` are settings, NAME=VALUE.
  void InstallKeeper(const std::vector<std::string>& more = {});
  void UpgradeKeeper(const std::vector<std::string>& more);
  void InstallShop(const std::vector<std::string>& more = {});
  // A Deployment of the application without a sidecar, that takes the token from its environment,
  // or from the mounted Secret.
  void StartBot();
  void StartMounter();

  std::string Kubectl(std::vector<std::string> arguments, const std::string& input = "") const;
  std::string Field(const std::string& object, const std::string& path) const;
  void AwaitRollout(const std::string& deployment) const;
  // The one pod of an application that is not about to end.
  std::string PodOf(const std::string& name) const;
  bool AwaitPod(const std::string& pod, const std::string& path, const std::string& value) const;
  // When the line with this text was written, of a log with time stamps; NaN when there is none.
  static double TimeOf(const std::string& log, const std::string& text);
  std::vector<Line> Log(const std::string& pod, const std::string& container) const;
  // When a line with this text was written; waited for. A failure when it never comes.
  double AwaitLine(const std::string& pod, const std::string& container,
                   const std::string& text) const;
  // When the application of this pod said that it has this token.
  double AwaitSeen(const std::string& pod, const std::string& token) const;
  // What the application says of a token.
  static std::string SeenLine(const std::string& token);
  // How many tokens the issuer has made for the agent.
  int Generated() const;
  // Waits until it is `count`; when that was.
  double AwaitGenerated(int count) const;
  // Why it is not as expected: the pods, and the ends of the agents' logs.
  std::string Story() const;
  // Printed, and kept with the test's result.
  void Measured(const std::string& what, double value, const std::string& unit);

 private:
  static std::vector<Line> LinesOf(const std::string& log);
  void WriteSecret(const std::string& name, const std::string& key, const std::string& value) const;
  void RunHelm(std::vector<std::string> arguments, const std::vector<std::string>& more);
  std::vector<std::string> ForPods() const;

  Simulator issuer_;
  TemporaryDirectory room_;
  std::unique_ptr<Server> front_;
  std::string front_url_;
  const std::string space_;
  const Helm helm_{cluster()};
};

}  // namespace tokenwarden::it
