#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/args/option_table.h"
#include "cli/exit_codes.h"
#include "tests/unit/cli/fake_services.h"

namespace tokenwarden::cli {
namespace {

using nlohmann::json;

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    TokenView token;
    token.name = token.state.name = "whatsapp";
    token.tenant = "acme";
    token.provider = "meta";
    token.state.generation = 5;
    token.state.fingerprint.text = "hmac:3f9a000000000001";
    services.agent.tokens = {token};
    services.agent.explanation.token = token;
  }

  Outcome Do(std::vector<std::string> args) { return cli::Run(args, services); }

  FakeServices services;
};

const Error kUnreachable{ErrorKind::kUnavailable, "agent_unreachable",
                         "cannot talk to the agent at unix:///x", "start it"};

TEST_F(Commands, ExitFourWhenNoAgentAnswers) {
  services.unreachable = kUnreachable;
  for (const std::vector<std::string>& args : {std::vector<std::string>{"status"},
                                               {"refresh", "a"},
                                               {"submit", "a"},
                                               {"rollback", "a"},
                                               {"sync", "a"},
                                               {"explain", "a"}}) {
    const Outcome outcome = Do(args);
    EXPECT_EQ(outcome.exit_code, ExitCode::kIndeterminate) << args[0];
    EXPECT_NE(outcome.err.find("start it"), std::string::npos);
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(Commands, ExitFiveWhenTheAgentRefusesThisUser) {
  services.unreachable = Error{ErrorKind::kPermissionDenied, "peer_refused", "not you", ""};
  EXPECT_EQ(Do({"status"}).exit_code, ExitCode::kNotPermitted);
}

TEST_F(Commands, FindTheAgentByFlagThenEnvironmentThenDefault) {
  Do({"status"});
  EXPECT_EQ(services.address, "unix:///run/tokenwarden/agent.sock");
  services.environment["TOKENWARDEN_ADDRESS"] = "127.0.0.1:1";
  Do({"status"});
  EXPECT_EQ(services.address, "127.0.0.1:1");
  Do({"status", "--address", "unix:///x"});
  EXPECT_EQ(services.address, "unix:///x");
}

TEST_F(Commands, StatusShowsOnlyWhatIsSelected) {
  EXPECT_NE(Do({"status", "--select", "tenant=acme"}).out.find("whatsapp"), std::string::npos);
  EXPECT_EQ(Do({"status", "--select", "tenant=other"}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, SubmitTakesTheValueFromStandardInputWithoutItsNewline) {
  services.input = FakeToken() + "\n";
  const Outcome outcome = Do({"submit", "whatsapp", "--accept-worse", "the page was moved"});
  EXPECT_EQ(outcome.exit_code, ExitCode::kPass);
  EXPECT_EQ(services.agent.submitted, FakeToken());
  EXPECT_EQ(services.agent.calls.back(), "submit whatsapp the page was moved");
  EXPECT_EQ((outcome.out + outcome.err).find(FakeToken()), std::string::npos);
}

TEST_F(Commands, SubmitTakesTheKeptValueWithoutReadingAny) {
  services.input = FakeToken();
  const Outcome outcome =
      Do({"submit", "whatsapp", "--kept-aside", "--accept-worse", "the app was moved"});
  EXPECT_EQ(outcome.exit_code, ExitCode::kPass);
  EXPECT_EQ(services.agent.calls.back(), "kept whatsapp the app was moved");
  EXPECT_EQ(services.agent.submitted, "");
}

TEST_F(Commands, RollBackAndPublishAgainAndSayWhatIsCurrentNow) {
  const Outcome back = Do({"rollback", "whatsapp"});
  EXPECT_EQ(back.exit_code, ExitCode::kPass);
  EXPECT_EQ(services.agent.calls.back(), "rollback whatsapp");
  EXPECT_EQ(back.out.substr(0, 12), "rolled back:");
  const Outcome synced = Do({"sync", "whatsapp", "--format", "json"});
  EXPECT_EQ(services.agent.calls.back(), "sync whatsapp");
  EXPECT_EQ(json::parse(synced.out)["token"]["generation"], 5);
}

TEST_F(Commands, RollbackExitsTwoWhenNothingIsKeptAndOneWhenItIsRefused) {
  services.agent.refusal =
      Error{ErrorKind::kNotFound, "no_previous_value", "no earlier value is kept", "bring one"};
  EXPECT_EQ(Do({"rollback", "whatsapp"}).exit_code, ExitCode::kUsage);
  services.agent.refusal = Error{ErrorKind::kFailedPrecondition, "refused", "it is dead", ""};
  EXPECT_EQ(Do({"rollback", "whatsapp"}).exit_code, ExitCode::kGateFailed);
}

TEST_F(Commands, StatusShowsOneTokenByName) {
  TokenView other;
  other.name = other.state.name = "other";
  services.agent.tokens.push_back(other);
  const Outcome one = Do({"status", "other"});
  EXPECT_EQ(one.exit_code, ExitCode::kPass);
  EXPECT_EQ(one.out.find("whatsapp"), std::string::npos) << one.out;
  EXPECT_EQ(Do({"status", "nobody"}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, StatusShowsTheRotationOfOneToken) {
  Rotation rotation;
  rotation.id = 9;
  rotation.state = RotationState::kAmbiguous;
  rotation.note = "the connection was lost";
  services.agent.explanation.rotation = rotation;
  services.agent.explanation.rotation_next = "it waits for a person";
  const Outcome outcome = Do({"status", "whatsapp", "--rotation"});
  EXPECT_EQ(outcome.exit_code, ExitCode::kPass) << outcome.err;
  EXPECT_EQ(services.agent.calls.back(), "explain whatsapp");
  EXPECT_NE(outcome.out.find("ambiguous"), std::string::npos);
  EXPECT_NE(outcome.out.find("it waits for a person"), std::string::npos);
  const json read = json::parse(Do({"status", "whatsapp", "--rotation", "--format", "json"}).out);
  EXPECT_EQ(read["schema"], "tokenwarden.rotation/v1");
  EXPECT_EQ(read["rotation"]["state"], "ambiguous");
  EXPECT_EQ(read["rotation"]["next"], "it waits for a person");
  EXPECT_EQ(Do({"status", "--rotation"}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, RekeyNamesBothKeysAndWhatToDoWithThem) {
  const TemporaryFile file("version: 1\n");
  services.config.config = Config{};
  services.config.config->state_path = "/srv/state.db";
  services.rekeyed = RekeyResult{false, 12, {}, "/etc/key", "/etc/key.until-2026"};
  const Outcome in_place = Do({"rekey", "--config", file.path()});
  EXPECT_EQ(in_place.exit_code, ExitCode::kPass) << in_place.err;
  EXPECT_NE(in_place.out.find("12 stored values"), std::string::npos) << in_place.out;
  EXPECT_NE(in_place.out.find("/etc/key.until-2026"), std::string::npos);
  services.rekeyed = RekeyResult{true, 0, {"generation/1/a"}, "/new.key", ""};
  const Outcome named = Do({"rekey", "--config", file.path(), "--new-key", "/new.key",
                            "--key-command", "get-key --name a"});
  EXPECT_NE(services.rekey_request.find("/srv/state.db in "), std::string::npos);
  EXPECT_NE(services.rekey_request.find(" to /new.key get-key --name a"), std::string::npos);
  EXPECT_NE(named.out.find("already"), std::string::npos) << named.out;
  EXPECT_NE(named.out.find("state.key to {file: /new.key}"), std::string::npos);
  EXPECT_NE(named.out.find("generation/1/a"), std::string::npos);
}

TEST_F(Commands, RekeyRefusesWithoutAConfigurationAndPassesRefusalsOn) {
  EXPECT_EQ(Do({"rekey"}).exit_code, ExitCode::kUsage);
  EXPECT_EQ(Do({"rekey", "--config", "/none/such.yaml"}).exit_code, ExitCode::kUsage);
  const TemporaryFile file("version: 1\n");
  services.config.config = Config{};
  services.rekeyed = tl::unexpected<Error>(Error{ErrorKind::kFailedPrecondition, "in_use",
                                                 "the state is in use by process 7", "stop it"});
  const Outcome in_use = Do({"rekey", "--config", file.path(), "--format", "json"});
  EXPECT_EQ(in_use.exit_code, ExitCode::kGateFailed);
  EXPECT_EQ(json::parse(in_use.out)["error"]["reason"], "in_use");
}

TEST_F(Commands, SubmitRefusesAnEmptyValueItself) {
  services.input = "\n";
  EXPECT_EQ(Do({"submit", "whatsapp"}).exit_code, ExitCode::kUsage);
  EXPECT_TRUE(services.agent.calls.empty());
}

TEST_F(Commands, SubmitExitsOneWithTheAgentsSentenceWhenTheValueIsRefused) {
  services.input = FakeToken();
  services.agent.refusal = Error{ErrorKind::kFailedPrecondition, "loses_never",
                                 "the new token ends and the current one never does", "keep it"};
  const Outcome outcome = Do({"submit", "whatsapp", "--format", "json"});
  EXPECT_EQ(outcome.exit_code, ExitCode::kGateFailed);
  EXPECT_EQ(json::parse(outcome.out)["error"]["reason"], "loses_never");
  EXPECT_NE(outcome.err.find("keep it"), std::string::npos);
}

TEST_F(Commands, RefreshSaysWhichGenerationIsCurrentNow) {
  const Outcome outcome = Do({"refresh", "whatsapp"});
  EXPECT_EQ(services.agent.calls.back(), "refresh whatsapp");
  EXPECT_NE(outcome.out.find("generation 5"), std::string::npos);
  EXPECT_EQ(json::parse(Do({"refresh", "whatsapp", "--format", "json"}).out)["token"]["generation"],
            5);
}

TEST_F(Commands, ExplainAsksTheAgentAboutANameAndTheTableAboutACode) {
  Do({"explain", "whatsapp"});
  EXPECT_EQ(services.agent.calls.back(), "explain whatsapp");
  services.unreachable = kUnreachable;
  for (const char* code : {"190", "190/463", "131005"}) {
    const Outcome outcome = Do({"explain", code});
    EXPECT_EQ(outcome.exit_code, ExitCode::kPass) << code;
    EXPECT_NE(outcome.out.find("meta "), std::string::npos);
  }
  EXPECT_EQ(Do({"explain", "190/463"}).out.find("190/460"), std::string::npos);
  EXPECT_EQ(Do({"explain", "987654321"}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, ExplainPrintsCodesAsJsonToo) {
  const json rows = json::parse(Do({"explain", "190/463", "--format", "json"}).out)["rows"];
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["verdict"], "expired");
  EXPECT_EQ(rows[0]["subcode"], 463);
}

TEST_F(Commands, ValidateExitsTwoWithEveryProblemAndZeroWhenGood) {
  const TemporaryFile file("version: 1\n");
  services.config.problems = {{file.path(), 1, 1, "no credentials", "add some"}};
  const Outcome bad = Do({"validate", file.path()});
  EXPECT_EQ(bad.exit_code, ExitCode::kUsage);
  EXPECT_NE(bad.err.find(file.path() + ":1:1: no credentials"), std::string::npos);
  services.config = {Config{}, {}};
  EXPECT_EQ(Do({"validate", file.path()}).exit_code, ExitCode::kPass);
  EXPECT_EQ(Do({"validate", "/nonexistent/agent.yaml"}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, KeygenNeverCallsAnExistingKeyAFailedGate) {
  EXPECT_EQ(Do({"keygen", "/x/key"}).exit_code, ExitCode::kPass);
  services.key_written =
      MakeError(ErrorKind::kFailedPrecondition, "key_exists", "there is a key already", "keep it");
  EXPECT_EQ(Do({"keygen", "/x/key"}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, VersionAndHelpNeedNothing) {
  EXPECT_FALSE(json::parse(Do({"version", "--format", "json"}).out)["version"].empty());
  EXPECT_EQ(Do({"--version"}).out, Do({"version"}).out);
  EXPECT_EQ(Do({"--help"}).out, Do({"help"}).out);
  EXPECT_EQ(Do({"check", "--help"}).out, Do({"help", "check"}).out);
  EXPECT_EQ(Do({"refresh", "--help"}).out, Do({"help", "refresh"}).out);
}

TEST_F(Commands, HelpDocumentsEveryExitCodeOptionAndVariable) {
  const std::string codes = Do({"help", "exit-codes"}).out;
  for (const ExitCodeRow& row : kExitCodes) {
    EXPECT_NE(codes.find(row.meaning), std::string::npos);
  }
  const std::string variables = Do({"help", "environment"}).out;
  for (const CommandSpec& command : cli::Commands()) {
    const std::string help = Do({"help", std::string(command.name)}).out;
    for (const OptionSpec& option : command.options) {
      EXPECT_NE(help.find(option.name), std::string::npos) << option.name;
      EXPECT_NE(variables.find(option.environment), std::string::npos) << option.environment;
    }
  }
}

TEST_F(Commands, ASlipInATopicOrCommandIsAnsweredWithTheNearest) {
  EXPECT_NE(Do({"help", "exit-code"}).err.find("exit-codes"), std::string::npos);
  EXPECT_NE(Do({"staus"}).err.find("`status`"), std::string::npos);
  EXPECT_EQ(Do({}).exit_code, ExitCode::kUsage);
}

TEST_F(Commands, ErrorsAreJsonOnStandardOutputForEveryCommandThatIsAskedForIt) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"refresh", "--format", "json"},
        {"nonsense", "--format=json"},
        {"validate", "/nonexistent", "--format", "json"},
        {"--format", "json"}}) {
    const Outcome outcome = Do(args);
    const json document = json::parse(outcome.out, nullptr, false);
    ASSERT_FALSE(document.is_discarded()) << outcome.out;
    EXPECT_EQ(document["exit_code"], static_cast<int>(outcome.exit_code));
    EXPECT_FALSE(outcome.err.empty());
  }
}

}  // namespace
}  // namespace tokenwarden::cli
