#include <gtest/gtest.h>

#include "cli/args/nearest.h"
#include "cli/args/parser.h"
#include "cli/args/token_like.h"
#include "tests/unit/cli/fake_services.h"

namespace tokenwarden::cli {
namespace {

std::optional<std::string> NoEnvironment(std::string_view) { return std::nullopt; }

Error ErrorOf(const std::vector<std::string>& args) {
  const Result<ParsedArgs> parsed = ParseArgs(args, NoEnvironment);
  return parsed ? Error{} : parsed.error();
}

TEST(Arguments, AcceptBothSpellingsOfAValue) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"check", "--warn", "3d"}, {"check", "--warn=3d"}}) {
    EXPECT_EQ(ParseArgs(args, NoEnvironment)->Value("--warn"), "3d");
  }
}

TEST(Arguments, KeepEveryValueOfARepeatableOptionInOrder) {
  const auto parsed = ParseArgs({"check", "--env-file", "a", "--env-file=b"}, NoEnvironment);
  EXPECT_EQ(parsed->Values("--env-file"), (std::vector<std::string>{"a", "b"}));
}

TEST(Arguments, TakeTheLastOfAnOptionThatIsGivenTwice) {
  EXPECT_EQ(ParseArgs({"check", "--warn", "1d", "--warn", "2d"}, NoEnvironment)->Value("--warn"),
            "2d");
}

TEST(Arguments, TreatEverythingAfterTwoDashesAsOperands) {
  EXPECT_EQ(ParseArgs({"explain", "--", "--odd"}, NoEnvironment)->operands.front(), "--odd");
}

TEST(Arguments, LetAFlagWinOverTheEnvironmentAndTheEnvironmentOverNothing) {
  const Environment environment = [](std::string_view name) -> std::optional<std::string> {
    return name == "TOKENWARDEN_WARN" ? std::optional<std::string>("9d") : std::nullopt;
  };
  EXPECT_EQ(ParseArgs({"check"}, environment)->Value("--warn"), "9d");
  EXPECT_EQ(ParseArgs({"check", "--warn=1d"}, environment)->Value("--warn"), "1d");
  EXPECT_EQ(ParseArgs({"check"}, environment)->OriginOf("--warn"), "TOKENWARDEN_WARN");
}

struct BadCase {
  std::vector<std::string> args;
  std::string reason;
  std::string advice;  // part of what to do
};

TEST(Arguments, SayWhatIsWrongAndWhatToDo) {
  const BadCase cases[] = {
      {{"chekc"}, "unknown_command", "did you mean `check`"},
      {{"check", "--env-fle", "x"}, "unknown_option", "did you mean `--env-file`"},
      {{"check", "--formt=json"}, "unknown_option", "did you mean `--format`"},
      {{"check", "--zzzzzzzzz"}, "unknown_option", "tokenwarden help check"},
      {{"check", "--warn"}, "missing_value", "--warn 14d"},
      {{"check", "--warn="}, "bad_value", "leave it out"},
      {{"check", "--quiet=yes"}, "unexpected_value", "leave out"},
      {{"check", "--format", "xml"}, "bad_value", "text|json"},
      {{"check", "--on-indeterminate", "maybe"}, "bad_value", "fail|warn|pass"},
      {{"check", "extra"}, "extra_operand", "tokenwarden help check"},
      {{"refresh"}, "missing_operand", "refresh NAME"},
      {{"check", "--address", "x"}, "unknown_option", "tokenwarden help check"},
  };
  for (const BadCase& bad : cases) {
    const Error error = ErrorOf(bad.args);
    EXPECT_EQ(error.reason, bad.reason) << bad.args.back();
    EXPECT_NE(error.action.find(bad.advice), std::string::npos) << error.action;
    EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  }
}

TEST(Arguments, RefuseWhatLooksLikeASecretAndNeverRepeatIt) {
  const std::string app_token = "100000000000001|" + std::string(27, 'k');
  const std::string id_token = "eyJ" + std::string(40, 'a') + ".b.c";
  for (const std::string& secret : {FakeToken(), app_token, FakeAppSecret(), id_token}) {
    for (const std::vector<std::string>& args : {std::vector<std::string>{secret},
                                                 {"check", secret},
                                                 {"check", "--token=" + secret},
                                                 {"submit", "whatsapp", "Bearer " + FakeToken()},
                                                 {"check", "--app-id", secret}}) {
      const Error error = ErrorOf(args);
      EXPECT_EQ(error.reason, "secret_in_arguments");
      EXPECT_NE(error.action.find("revoke"), std::string::npos);
      EXPECT_EQ((error.message + error.action).find(secret), std::string::npos);
    }
  }
}

TEST(Arguments, DoNotMistakeIdsAndPathsForSecrets) {
  for (std::string_view harmless :
       {"100000000000001", "./teams/EAA/production.env", "whatsapp",
        "unix:///run/tokenwarden/agent.sock", "tenant=acme", "190/463"}) {
    EXPECT_FALSE(LooksLikeSecret(harmless)) << harmless;
  }
}

TEST(Arguments, NeverRepeatAnOperandThatWasNotExpected) {
  const Error error = ErrorOf({"check", "--quiet", "hunter2hunter2"});
  EXPECT_EQ((error.message + error.action).find("hunter2"), std::string::npos);
}

TEST(Arguments, KnowThatJsonIsWantedEvenWhenTheRestIsWrong) {
  EXPECT_TRUE(WantsJson({"check", "--bad", "--format", "json"}, NoEnvironment));
  EXPECT_TRUE(WantsJson({"--format=json"}, NoEnvironment));
  EXPECT_FALSE(WantsJson({"check", "--format", "text"}, NoEnvironment));
}

TEST(Nearest, SuggestsNothingForAWordThatIsFarFromAll) {
  EXPECT_FALSE(NearestOf("zebra", {"check", "status"}));
  EXPECT_EQ(NearestOf("statsu", {"check", "status"}), "status");
}

TEST(OptionTable, GivesEachOptionOfACommandOneMeaning) {
  for (const CommandSpec& command : Commands()) {
    for (const OptionSpec& option : command.options) {
      EXPECT_EQ(FindOption(&command, option.name), &option) << command.name << option.name;
      EXPECT_EQ(FindOption(nullptr, option.name), nullptr) << "shadows a common option";
      EXPECT_FALSE(option.help.empty());
    }
  }
}

}  // namespace
}  // namespace tokenwarden::cli
