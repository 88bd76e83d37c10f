// The agent as a user runs it: a process with a configuration file, signals, a `.env` and a
// simulated issuer.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>

#include "tests/integration/stage.h"

namespace tokenwarden::it {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr hours kDays2{48};
constexpr hours kDays58{58 * 24};

struct RunningAgent : Stage {
  explicit RunningAgent(const std::string& renew = "{before: 14d}", const std::string& more = "") {
    first = issuer().MintEnding(kDays2, kDays58);
    WriteEnv(first);
    WriteConfig(renew, more);
    StartAgent();
  }
  bool AwaitGeneration(int generation) {
    const bool there = Eventually([&] {
      return Page("/metrics")
                 .body.find("target=\".env#WHATSAPP_ACCESS_TOKEN\"} " + std::to_string(generation) +
                            "\n") != std::string::npos;
    });
    if (there) PlantSecret(TokenInEnv());
    EXPECT_TRUE(there) << "generation " << generation << " never came; the agent says:\n"
                       << agent().err();
    return there;
  }
  std::string first;
};

TEST(Agent, RenewsATokenThatEndsSoonAndPublishesItInPlace) {
  RunningAgent stage;
  const std::string before = stage.room().Read(".env");
  ASSERT_TRUE(stage.AwaitGeneration(2));
  const std::string now = stage.TokenInEnv();
  EXPECT_NE(now, stage.first);
  std::string expected = before;
  if (expected.find(stage.first) != std::string::npos) {
    expected.replace(expected.find(stage.first), stage.first.size(), now);
    EXPECT_EQ(stage.room().Read(".env"), expected) << "every other byte stays";
  }
  EXPECT_EQ(stage.issuer().Exchanges(), 1);
  const Finished gate = stage.Cli({"check", "--env-file", ".env", "--min-remaining", "30d"});
  EXPECT_EQ(gate.exit_code, 0) << gate.out << gate.err;
  EXPECT_EQ(stage.StopAgent().exit_code, 0);
}

TEST(Agent, ServesProbesWithReasonsInTheBody) {
  Stage stage;
  stage.WriteEnv("undefined");
  stage.WriteConfig();
  stage.StartAgent();
  EXPECT_EQ(stage.Page("/livez").status, 200);
  ASSERT_TRUE(stage.AwaitPage("/startupz", "whatsapp"));
  EXPECT_EQ(stage.Page("/startupz").status, 503);
  EXPECT_EQ(stage.Page("/readyz").status, 503);
  stage.WriteEnv(stage.issuer().MintEnding(hours(24 * 50), hours(24)));
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  EXPECT_EQ(stage.Page("/startupz").status, 200);
  EXPECT_TRUE(stage.AwaitOk("/readyz"));
}

TEST(Agent, DrainsWithinFiveSecondsOfSigtermEvenWhileTheIssuerHangs) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  stage.issuer().Control("knobs", {{"latency_ms", 60000}});
  Process asking({{"tokenwarden", "check", "--env-file", ".env"},
                  stage.Environment(),
                  stage.room().path(),
                  ""});
  stage.room().Write("tokenwarden.yaml", stage.room().Read("tokenwarden.yaml") + "\n# touched\n");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(stage.StopAgent().exit_code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
}

TEST(Agent, KeepsTheOldConfigurationWhenTheNewOneIsBad) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  stage.room().Write("tokenwarden.yaml", "version: 1\ncredentails: []\n");
  stage.agent().Signal(SIGHUP);
  ASSERT_TRUE(stage.AwaitPage("/metrics", "tokenwarden_config_last_reload_successful 0"));
  EXPECT_TRUE(stage.agent().AwaitOutput("credentials")) << "the nearest valid name is suggested";
  EXPECT_TRUE(stage.AwaitOk("/readyz"));
  stage.WriteConfig("{before: 14d}");
  stage.agent().Signal(SIGHUP);
  ASSERT_TRUE(stage.AwaitGeneration(2)) << "the mended one is taken";
  EXPECT_NE(stage.Page("/metrics").body.find("tokenwarden_config_last_reload_successful 1"),
            std::string::npos);
}

TEST(Agent, ReloadsWhenTheConfigurationFileChanges) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  stage.WriteConfig("{before: 14d}");
  EXPECT_TRUE(stage.AwaitGeneration(2));
}

TEST(Agent, RefusesToStartOnABadConfigurationAndNamesThePlace) {
  Stage stage;
  stage.room().Write("bad.yaml", "version: 1\ncredentials:\n  - name: a\n    sorce: {env: X}\n");
  const Finished done =
      RunProgram({{"tokenwarden-agent", "--config", stage.room().File("bad.yaml")},
                  stage.Environment(),
                  stage.room().path(),
                  ""});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_NE(done.err.find("bad.yaml:4:5"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("source"), std::string::npos) << done.err;
}

TEST(Agent, GoesOnAfterSigkillWithoutAnotherExchange) {
  RunningAgent stage;
  ASSERT_TRUE(stage.AwaitGeneration(2));
  const std::string current = stage.TokenInEnv();
  stage.agent().Signal(SIGKILL);
  stage.agent().Finish();
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  EXPECT_EQ(stage.TokenInEnv(), current);
  EXPECT_EQ(stage.issuer().Exchanges(), 1);
  EXPECT_TRUE(stage.AwaitOk("/readyz"));
}

TEST(Agent, RefusesASecondAgentOnTheSameStateAndSaysWhoHoldsIt) {
  RunningAgent stage("{before: 1d}");
  const Finished second = RunProgram(
      {{"tokenwarden-agent", "--config", stage.room().File("tokenwarden.yaml"), "--once"},
       stage.Environment(),
       stage.room().path(),
       ""});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.err.find(std::to_string(stage.agent().pid())), std::string::npos) << second.err;
}

TEST(Agent, ProvesAndAdoptsATokenThatIsPastedIntoTheFile) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  const std::string pasted = stage.issuer().MintEnding(hours(24 * 60), seconds(0));
  stage.WriteEnv(pasted);
  ASSERT_TRUE(stage.AwaitGeneration(2));
  EXPECT_EQ(stage.TokenInEnv(), pasted);
}

TEST(Agent, PutsTheLastGoodTokenBackWhenADeadOneIsPasted) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  const std::string dead = stage.issuer().MintEnding(hours(24 * 60), seconds(0));
  stage.issuer().Control("tokens/kill", {{"token", dead}, {"state", "revoked"}});
  stage.WriteEnv(dead);
  EXPECT_TRUE(Eventually([&] { return stage.TokenInEnv() == stage.first; }));
  EXPECT_TRUE(stage.AwaitOk("/readyz"));
}

TEST(Agent, TellsAConsumerOncePerGenerationWithoutTheValue) {
  const std::string notify =
      "    notify: [{exec: {command: [/bin/sh, -c, 'env >> told; echo end >> told'], timeout: "
      "5s}}]\n";
  RunningAgent stage("{before: 14d}", notify);
  ASSERT_TRUE(stage.AwaitGeneration(2));
  ASSERT_TRUE(
      Eventually([&] { return stage.room().Read("told").find("end") != std::string::npos; }));
  stage.StopAgent();
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  stage.StopAgent();
  const std::string told = stage.room().Read("told");
  EXPECT_EQ(told.find("end"), told.rfind("end")) << "once, also after a restart";
  EXPECT_NE(told.find("TOKENWARDEN_GENERATION=2"), std::string::npos) << told;
  ExpectNoSecret(told, "what the consumer was told");
}

TEST(Agent, OneTenantsTroubleNeitherSlowsNorHidesAnothers) {
  Stage stage;
  const std::string good = stage.issuer().MintEnding(hours(24 * 50), hours(24));
  stage.room().Write("good.env",
                     "TOKEN=" + good + "\nSECRET=" + stage.issuer().app_secret() + "\n");
  stage.room().Write("bad.env", "TOKEN=" + good + "\nSECRET=" + std::string(32, '0') + "\n");
  const std::string dead_endpoint = "\"http://127.0.0.1:1\"";
  std::string credentials;
  for (const auto& [name, file, endpoint] :
       {std::tuple{"good", "good.env", ""}, std::tuple{"badsecret", "bad.env", ""},
        std::tuple{"deadissuer", "good.env", dead_endpoint.c_str()}}) {
    credentials += "\n  - name: " + std::string(name) + "\n    tenant: tenant-" + name +
                   "\n    meta: {app_id: \"100000000000001\", app_secret: {dotenv: {path: " + file +
                   ", key: SECRET}}" +
                   (std::string(endpoint).empty() ? "" : ", endpoint: " + std::string(endpoint)) +
                   "}\n    source: {dotenv: {path: " + file + ", key: TOKEN}}";
  }
  stage.WriteConfigText(credentials + "\n");
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitPage("/metrics",
                              "tokenwarden_token_state{credential=\"good\",provider=\"meta\","
                              "tenant=\"tenant-good\",state=\"valid\"} 1"));
  ASSERT_TRUE(stage.AwaitPage("/metrics",
                              "credential=\"badsecret\",provider=\"meta\",tenant=\"tenant-"
                              "badsecret\",reason=\"inspector\"} 1"));
  ASSERT_TRUE(stage.AwaitPage("/metrics",
                              "credential=\"deadissuer\",provider=\"meta\",tenant=\"tenant-"
                              "deadissuer\",reason=\"outage\"} 1"));
  const Finished status = stage.Cli({"status", "--select", "tenant=tenant-good"});
  EXPECT_NE(status.out.find("good"), std::string::npos) << status.out << status.err;
  EXPECT_EQ(status.out.find("badsecret"), std::string::npos);
}

TEST(Agent, NeverTurnsSilenceIntoADeadVerdict) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  for (const char* kind : {"html_502", "html_503", "empty_500", "truncated_json",
                           "service_unavailable_200", "reset", "redirect"}) {
    stage.issuer().Control(
        "faults", Json::array({{{"path", "*"}, {"times", 0}, {"fault", {{"kind", kind}}}}}));
    const Finished check = stage.Cli({"check", "--env-file", ".env"});
    EXPECT_EQ(check.exit_code, 4) << kind << "\n" << check.out << check.err;
    EXPECT_NE(stage.Page("/metrics").body.find("state=\"valid\"} 1"), std::string::npos) << kind;
  }
}

TEST(Agent, AcceptsASubmittedTokenOnlyWhenItIsProven) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  const Finished refused = stage.Cli({"submit", "whatsapp"}, "not a token at all\n");
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_EQ(stage.TokenInEnv(), stage.first);
  const std::string fresh = stage.issuer().MintEnding(hours(24 * 60), seconds(0));
  const Finished accepted = stage.Cli({"submit", "whatsapp"}, fresh + "\n");
  EXPECT_EQ(accepted.exit_code, 0) << accepted.out << accepted.err;
  EXPECT_EQ(stage.TokenInEnv(), fresh);
}

TEST(Agent, RefreshesWhenAskedAndExplainsItself) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  const Finished refresh = stage.Cli({"refresh", "whatsapp"});
  EXPECT_EQ(refresh.exit_code, 0) << refresh.out << refresh.err;
  EXPECT_NE(stage.TokenInEnv(), stage.first);
  PlantSecret(stage.TokenInEnv());
  const Finished explain = stage.Cli({"explain", "whatsapp"});
  EXPECT_EQ(explain.exit_code, 0) << explain.out << explain.err;
  EXPECT_NE(explain.out.find("near_expiry"), std::string::npos) << explain.out;
}

TEST(Check, LetsTheEnvironmentsEndpointWinOverTheFiles) {
  Stage stage;
  stage.WriteEnv(stage.issuer().MintEnding(hours(24 * 50), hours(24)));
  stage.WriteConfig();
  const std::string config = stage.room().Read("tokenwarden.yaml");
  const std::string ours = stage.issuer().url();
  stage.room().Write("tokenwarden.yaml", std::string(config).replace(config.find(ours), ours.size(),
                                                                     "http://127.0.0.1:1"));
  const Finished check = stage.Cli({"check", "--config", "tokenwarden.yaml"});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST(Agent, RunsOnceAndTellsByItsExitCode) {
  Stage stage;
  stage.WriteEnv(stage.issuer().MintEnding(kDays2, kDays58));
  stage.WriteConfig();
  const auto once = [&] {
    return RunProgram(
        {{"tokenwarden-agent", "--config", stage.room().File("tokenwarden.yaml"), "--once"},
         stage.Environment(),
         stage.room().path(),
         ""});
  };
  const Finished fine = once();
  EXPECT_EQ(fine.exit_code, 0) << fine.err;
  EXPECT_EQ(stage.issuer().Exchanges(), 1);
  PlantSecret(stage.TokenInEnv());
  Stage fresh;
  const std::string dead = fresh.issuer().MintEnding(kDays2, kDays58);
  fresh.issuer().Control("tokens/kill", {{"token", dead}, {"state", "password_changed"}});
  fresh.WriteEnv(dead);
  fresh.WriteConfig();
  const Finished gone = RunProgram(
      {{"tokenwarden-agent", "--config", fresh.room().File("tokenwarden.yaml"), "--once"},
       fresh.Environment(),
       fresh.room().path(),
       ""});
  EXPECT_EQ(gone.exit_code, 1) << gone.err;
}

TEST(Agent, NeverStartsWithAWrongKeyAsIfTheStateWereEmpty) {
  RunningAgent stage("{before: 1d}");
  ASSERT_TRUE(stage.AwaitOk("/startupz"));
  stage.StopAgent();
  std::string other = stage.room().Read("state.key");
  std::swap(other[0], other[1]);
  stage.room().Write("state.key", other);
  const Finished refused = RunProgram(
      {{"tokenwarden-agent", "--config", stage.room().File("tokenwarden.yaml"), "--once"},
       stage.Environment(),
       stage.room().path(),
       ""});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("key"), std::string::npos) << refused.err;
}

TEST(Agent, LeavesNoValueInClearOnTheDisk) {
  RunningAgent stage;
  ASSERT_TRUE(stage.AwaitGeneration(2));
  ExpectNoSecret(stage.room().Read("state/state.db"), "the state file");
  ExpectNoSecret(stage.room().Read("state/state.db-wal"), "the state's log");
  struct stat status {};
  ASSERT_EQ(stat(stage.room().File("state/state.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace tokenwarden::it
