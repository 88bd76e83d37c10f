// An agent without a disk: its state is in Vault, sealed with a key that only Vault's transit
// engine unwraps, under the policy that docs/guides/vault.md shows.
#include <signal.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "tests/e2e/sync_stage.h"

namespace tokenwarden::it {
namespace {

VaultServer& RaftVault() {
  static const std::unique_ptr<VaultServer> vault = VaultServer::StartRaft();
  return *vault;
}

// For the names of a test.
std::string PolicyOfTheGuide(const std::string& secret, const std::string& state) {
  std::ifstream file(std::string(TOKENWARDEN_SOURCE_DIR) + "/docs/guides/vault.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string guide = text.str();
  const std::string start = "```hcl\n";
  const std::size_t from = guide.find(start) + start.size();
  std::string policy = guide.substr(from, guide.find("```", from) - from);
  policy = std::regex_replace(policy, std::regex("/whatsapp\""), "/" + secret + "\"");
  return std::regex_replace(policy, std::regex("/tokenwarden/\\*"), "/" + state + "/*");
}

class StateInVault : public SyncStage {
 protected:
  StateInVault() : SyncStage(RaftVault()) {
    vault().Vault({"secrets", "enable", "transit"});  // fails the second time
    vault().Must({"write", "-f", "transit/keys/tokenwarden"});
    vault().Must({"policy", "write", "agent", "-"}, PolicyOfTheGuide(name(), state_));
  }
  void StartWithoutADisk() {
    Route route = Directly();
    route.state = "{vault: {path: secret/" + state_ + "}, key: {transit: {key: tokenwarden}}}";
    Start(route);
  }
  void KillAgent() {
    stage().agent().Signal(SIGKILL);
    stage().agent().Finish();
  }

  const std::string state_ = "state-of-" + name();
};

TEST_F(StateInVault, OutlivesAnAgentThatIsKilledAgainAndAgain) {
  StartWithoutADisk();
  for (int renewal = 0; renewal < 3; ++renewal) {
    ASSERT_NO_FATAL_FAILURE(Renew());
    KillAgent();
    stage().StartAgent();
    ASSERT_NO_FATAL_FAILURE(AwaitInSync());
  }
}

TEST_F(StateInVault, NothingIsAskedOfTheIssuerThatCouldNotBeRemembered) {
  StartWithoutADisk();
  vault().Seal();
  const Finished refused = stage().Cli({"refresh", "whatsapp"});
  EXPECT_NE(refused.exit_code, 0) << refused.out;
  EXPECT_EQ(stage().issuer().Exchanges(), 0);
  vault().Unseal();
  Renew();
  AwaitInSync();
}

TEST_F(StateInVault, AnAgentThatStartsWhileVaultIsSealedSaysSo) {
  StartWithoutADisk();
  KillAgent();
  vault().Seal();
  const Finished failed = RunProgram(
      {{"tokenwarden-agent", "--config", "tokenwarden.yaml"}, {}, stage().room().path(), ""});
  vault().Unseal();
  EXPECT_EQ(failed.exit_code, 2);
  EXPECT_NE(failed.err.find("sealed"), std::string::npos) << failed.err;
  EXPECT_NE(failed.err.find("unseal it"), std::string::npos) << failed.err;
}

}  // namespace
}  // namespace tokenwarden::it
