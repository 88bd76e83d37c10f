// The whole of `check` but for the network.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "agent/core/paste_check.h"
#include "tests/unit/cli/fake_services.h"
#include "tests/unit/cli/schema.h"

namespace tokenwarden::cli {
namespace {

using nlohmann::json;

class Check : public testing::Test {
 protected:
  Outcome Run(std::vector<std::string> args) {
    args.insert(args.begin(), "check");
    Outcome outcome = cli::Run(args, services);
    ExpectNoSecret(outcome.out);
    ExpectNoSecret(outcome.err);
    return outcome;
  }

  // The JSON of a run; every one must conform to the published schema.
  json RunJson(std::vector<std::string> args) {
    args.insert(args.end(), {"--format", "json"});
    const Outcome outcome = Run(args);
    const json document = json::parse(outcome.out, nullptr, false);
    EXPECT_FALSE(document.is_discarded()) << outcome.out;
    EXPECT_EQ(SchemaViolations(document, CheckSchema()), std::vector<std::string>{});
    EXPECT_EQ(document.value("exit_code", -1), static_cast<int>(outcome.exit_code));
    return document;
  }

  // Whatever was put in must never come out.
  void ExpectNoSecret(const std::string& text) const {
    for (char filler : {'q', 'r', 's'}) {
      EXPECT_EQ(text.find(FakeToken(filler).substr(8, 20)), std::string::npos) << text;
    }
    EXPECT_EQ(text.find(FakeAppSecret()), std::string::npos) << text;
    EXPECT_EQ(text.find("our-webhook-word"), std::string::npos) << text;
  }

  void AnswerWith(Verdict verdict, Reason reason) {
    services.issuer.answer = [=](const ProviderContext& context, const Secret&) {
      Observation seen;
      seen.verdict = verdict;
      seen.reason = reason;
      seen.message = "as the test wants it";
      seen.evidence.observed_at = context.now;
      return seen;
    };
  }

  void AnswerWithDaysLeft(int days) {
    services.issuer.answer = [=](const ProviderContext& context, const Secret&) {
      Observation seen;
      seen.verdict = Verdict::kValid;
      seen.reason = Reason::kConfirmed;
      seen.facts.lifetime = Lifetime::kFinite;
      seen.facts.expires_at = kNow + kDay * days;
      seen.facts.issued_at = kNow + kDay * (days - 60);
      seen.evidence.observed_at = context.now;
      return seen;
    };
  }

  const std::string good_line = "WHATSAPP_ACCESS_TOKEN=" + FakeToken() + "\n";
  FakeServices services;
};

TEST_F(Check, PassesALivingTokenOfAnEnvFile) {
  const TemporaryFile file(good_line);
  const json document = RunJson({"--env-file", file.path()});
  EXPECT_EQ(document["exit_code"], 0);
  EXPECT_EQ(document["tokens"][0]["name"], "WHATSAPP_ACCESS_TOKEN");
  EXPECT_EQ(document["tokens"][0]["verdict"], "valid");
  EXPECT_EQ(document["tokens"][0]["gate"], "pass");
  EXPECT_EQ(document["tokens"][0]["lifetime"], "never");
  EXPECT_EQ(document["tokens"][0]["deadline_reason"], "never");
  EXPECT_EQ(document["generated_at"], "2026-11-20T10:00:00Z");
  EXPECT_EQ(document["summary"]["passed"], 1);
}

TEST_F(Check, FailsADeadTokenWithExitOne) {
  AnswerWith(Verdict::kRevoked, Reason::kPasswordChanged);
  const TemporaryFile file(good_line);
  const json document = RunJson({"--env-file", file.path()});
  EXPECT_EQ(document["exit_code"], 1);
  EXPECT_EQ(document["tokens"][0]["gate"], "fail");
  EXPECT_EQ(document["tokens"][0]["reason"], "password_changed");
}

struct SilenceCase {
  const char* choice;
  int exit_code;
  const char* gate;
};

TEST_F(Check, LetsTheUserSayWhatSilenceMeans) {
  AnswerWith(Verdict::kIndeterminate, Reason::kOutage);
  const TemporaryFile file(good_line);
  const SilenceCase cases[] = {{"fail", 1, "fail"}, {"warn", 0, "warn"}, {"pass", 0, "pass"}};
  for (const SilenceCase& silence : cases) {
    const json document =
        RunJson({"--env-file", file.path(), "--on-indeterminate", silence.choice});
    EXPECT_EQ(document["exit_code"], silence.exit_code) << silence.choice;
    EXPECT_EQ(document["tokens"][0]["gate"], silence.gate);
  }
  EXPECT_EQ(RunJson({"--env-file", file.path()})["exit_code"], 4);
}

TEST_F(Check, AppliesThresholdsAndFailsOnWarningsOnlyWhenAsked) {
  AnswerWithDaysLeft(10);
  const TemporaryFile file(good_line);
  const auto exit_code = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--env-file", file.path()});
    return RunJson(more)["exit_code"].get<int>();
  };
  EXPECT_EQ(exit_code({}), 0);  // ten days: a warning by default
  EXPECT_EQ(exit_code({"--fail-on", "warning"}), 3);
  EXPECT_EQ(exit_code({"--fail-on", "warning", "--warn", "5d"}), 0);
  EXPECT_EQ(exit_code({"--min-remaining", "11d"}), 1);
  EXPECT_EQ(exit_code({"--min-remaining", "20%"}), 1);
  EXPECT_EQ(exit_code({"--min-remaining", "9d"}), 0);
  EXPECT_EQ(exit_code({"--min-remaining", "11d", "--exit-zero"}), 0);
  services.environment["TOKENWARDEN_MIN_REMAINING"] = "11d";
  EXPECT_EQ(exit_code({}), 1);
  EXPECT_EQ(exit_code({"--min-remaining", "9d"}), 0);
}

TEST_F(Check, SaysWhatToDoForALivingTokenThatDoesNotPass) {
  AnswerWithDaysLeft(10);
  services.input = FakeToken();
  EXPECT_NE(Run({"--token-stdin", "--min-remaining", "11d"}).out.find("do now: renew or replace"),
            std::string::npos);
  EXPECT_EQ(Run({"--token-stdin", "--warn", "1d"}).out.find("do now"), std::string::npos);
}

TEST_F(Check, NamesTheFlagOrVariableOfABadThreshold) {
  const json by_flag = RunJson({"--env-file", "x", "--warn", "soon"});
  EXPECT_EQ(by_flag["exit_code"], 2);
  EXPECT_NE(by_flag["error"]["message"].get<std::string>().find("--warn"), std::string::npos);
  services.environment["TOKENWARDEN_MIN_REMAINING"] = "-1d";
  const json by_variable = RunJson({"--env-file", "x"});
  EXPECT_NE(by_variable["error"]["message"].get<std::string>().find("TOKENWARDEN_MIN_REMAINING"),
            std::string::npos);
}

TEST_F(Check, PrintsValidJsonForEveryUsageError) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--no-such-flag"},
      {"--env-file"},
      {"--env-file", "/nonexistent/.env"},
      {"--token-stdin", "--env-file", "-"},
      {"--token-stdin", "--timeout", "0s"},
      {"--token-stdin", "--now", "yesterday"},
      {"--token-stdin", "--app-id", "my-app"},
      {"--token-stdin", "--select", "colour=red"},
  };
  for (const auto& args : wrong) {
    const json document = RunJson(args);
    EXPECT_EQ(document["exit_code"], 2);
    EXPECT_TRUE(document["tokens"].empty());
    EXPECT_FALSE(document["error"]["message"].get<std::string>().empty());
  }
}

TEST_F(Check, ShowsTheThreeWaysWhenNothingIsNamed) {
  const Outcome outcome = Run({});
  EXPECT_EQ(outcome.exit_code, ExitCode::kUsage);
  for (const char* way : {"--env-file", "--token-stdin", "--config"}) {
    EXPECT_NE(outcome.err.find(way), std::string::npos);
  }
  EXPECT_EQ(outcome.out, "");
}

TEST_F(Check, ListsTheNamesItLookedForWhenNoneIsThere) {
  const TemporaryFile file("API_KEY=1\nVERIFY_TOKEN=our-webhook-word\n");
  const json document = RunJson({"--env-file", file.path()});
  EXPECT_EQ(document["exit_code"], 2);
  EXPECT_EQ(document["error"]["reason"], "no_known_name");
  EXPECT_NE(document["error"]["message"].get<std::string>().find("WHATSAPP_API_TOKEN"),
            std::string::npos);
}

TEST_F(Check, CallsAnEmptyValueAndAPlaceholderMalformedWithoutAskingAnybody) {
  for (const auto& [text, reason] : {std::pair<const char*, const char*>{"", "empty_value"},
                                     {"your_token_here", "placeholder"},
                                     {"undefined", "placeholder"}}) {
    const TemporaryFile file("WHATSAPP_TOKEN=" + std::string(text) + "\n");
    const json document = RunJson({"--env-file", file.path()});
    EXPECT_EQ(document["exit_code"], 1);
    EXPECT_EQ(document["tokens"][0]["verdict"], "malformed");
    EXPECT_EQ(document["tokens"][0]["reason"], reason);
    EXPECT_TRUE(document["tokens"][0]["evidence"]["endpoint"].is_null());
  }
  EXPECT_EQ(services.issuer.asked, 0);
}

TEST_F(Check, KeepsTheIdentifiersOfSeveralFilesApart) {
  const TemporaryFile one("FACEBOOK_APP_ID=111\nFACEBOOK_APP_SECRET=" + FakeAppSecret() + "\n" +
                          good_line);
  const TemporaryFile two("WHATSAPP_APP_ID=222\nWHATSAPP_TOKEN=" + FakeToken('r') + "\n");
  services.issuer.answer = [](const ProviderContext& context, const Secret&) {
    Observation seen;
    seen.verdict = Verdict::kValid;
    seen.reason = Reason::kConfirmed;
    seen.message = context.spec.meta.app_id + (context.app_secret ? " with" : " without");
    seen.evidence.observed_at = context.now;
    return seen;
  };
  const json document = RunJson({"--env-file", one.path(), "--env-file", two.path()});
  EXPECT_EQ(document["tokens"][0]["name"], one.path() + ":WHATSAPP_ACCESS_TOKEN");
  EXPECT_EQ(document["tokens"][0]["message"], "111 with");
  EXPECT_EQ(document["tokens"][1]["name"], two.path() + ":WHATSAPP_TOKEN");
  EXPECT_EQ(document["tokens"][1]["message"], "222 without");
}

TEST_F(Check, SaysOfAWebhooksSharedSecretOnlyWhatItKnows) {
  const TemporaryFile file("VERIFY_TOKEN=our-webhook-word\n" + good_line);
  const json document = RunJson({"--env-file", file.path()});
  EXPECT_EQ(document["exit_code"], 0);
  const json& shared = document["tokens"][1];  // after the tokens, wherever it stands in the file
  EXPECT_EQ(shared["name"], "VERIFY_TOKEN");
  EXPECT_EQ(shared["verdict"], "indeterminate");
  EXPECT_EQ(shared["gate"], "pass");
  EXPECT_TRUE(shared["provider"].is_null());
  EXPECT_EQ(RunJson({"--env-file", file.path(), "--on-indeterminate", "fail"})["exit_code"], 0);
}

TEST_F(Check, FailsASharedSecretThatIsStillAPlaceholder) {
  const TemporaryFile file(good_line + "VERIFY_TOKEN=changeme\n");
  const json document = RunJson({"--env-file", file.path()});
  EXPECT_EQ(document["exit_code"], 1);
  EXPECT_EQ(document["tokens"][1]["reason"], "placeholder");
}

TEST_F(Check, ReportsWhatCouldNotBeProvenAsAFinding) {
  services.issuer.answer = [](const ProviderContext& context, const Secret&) {
    Observation seen;
    seen.verdict = Verdict::kValid;
    seen.reason = Reason::kSelfReported;
    seen.unproven = {"the expiry: no app secret is known"};
    seen.evidence.observed_at = context.now;
    return seen;
  };
  const TemporaryFile file(good_line + "FACEBOOK_APP_ID=your_app_id\n");
  const json findings = RunJson({"--env-file", file.path()})["tokens"][0]["findings"];
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0]["id"], "not_proven");
  EXPECT_EQ(findings[0]["severity"], "info");
  EXPECT_NE(findings[1]["message"].get<std::string>().find("FACEBOOK_APP_ID"), std::string::npos);
  EXPECT_NE(Run({"--env-file", file.path()}).out.find("not proven: the expiry"), std::string::npos);
}

TEST_F(Check, ReadsOneTokenFromStandardInputWithIdsFromFlagsAndEnvironment) {
  services.input = FakeToken() + "\n";
  services.environment = {{"FACEBOOK_APP_ID", "111"},
                          {"FACEBOOK_APP_SECRET", FakeAppSecret()},
                          {"PHONE_NUMBER_ID", "333"}};
  services.issuer.answer = [](const ProviderContext& context, const Secret& value) {
    Observation seen;
    seen.verdict = Verdict::kValid;
    seen.reason = Reason::kConfirmed;
    seen.message = context.spec.meta.app_id + " " + context.spec.meta.phone_number_id + " " +
                   std::to_string(value.size()) + (context.app_secret ? " with" : " without");
    seen.evidence.observed_at = context.now;
    return seen;
  };
  const std::string size = std::to_string(FakeToken().size());
  EXPECT_EQ(RunJson({"--token-stdin"})["tokens"][0]["message"], "111 333 " + size + " with");
  EXPECT_EQ(RunJson({"--token-stdin", "--app-id", "222"})["tokens"][0]["message"],
            "222 333 " + size + " with");
}

TEST_F(Check, HandsRequiredScopesToTheIssuersJudgement) {
  std::vector<std::string> wanted;
  services.issuer.answer = [&](const ProviderContext& context, const Secret&) {
    wanted = context.spec.meta.required_scopes;
    Observation seen;
    seen.verdict = Verdict::kUnderScoped;
    seen.reason = Reason::kScopeMissing;
    seen.missing_scopes = {"b"};
    seen.facts.scopes = {"a"};
    seen.evidence.observed_at = context.now;
    return seen;
  };
  const TemporaryFile file(good_line);
  const json document =
      RunJson({"--env-file", file.path(), "--require-scope", "a", "--require-scope", "b"});
  EXPECT_EQ(wanted, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(document["tokens"][0]["missing_scopes"], json::array({"b"}));
  EXPECT_EQ(document["exit_code"], 1);
}

TEST_F(Check, SelectsByNameAndRefusesToPassOnNothing) {
  const TemporaryFile file(good_line + "WHATSAPP_TOKEN=" + FakeToken('r') + "\n");
  const json one = RunJson({"--env-file", file.path(), "--select", "*ACCESS*"});
  EXPECT_EQ(one["summary"]["total"], 1);
  const json none = RunJson({"--env-file", file.path(), "--select", "instagram"});
  EXPECT_EQ(none["exit_code"], 2);
  EXPECT_EQ(none["error"]["reason"], "nothing_selected");
}

TEST_F(Check, TellsHowFilesThatCannotBeReadDiffer) {
  const TemporaryFile binary(std::string("WHATSAPP_TOKEN=a\0b\n", 19));
  const TemporaryFile huge("#" + std::string(10 << 20, 'a'));
  const TemporaryFile twice(good_line + good_line);
  for (const std::string& path : {std::string("/nonexistent/.env"), std::string("/"), binary.path(),
                                  huge.path(), twice.path()}) {
    const json document = RunJson({"--env-file", path});
    EXPECT_EQ(document["exit_code"], 2) << path;
    EXPECT_NE(document["error"]["message"].get<std::string>().find(path), std::string::npos)
        << path;
  }
  EXPECT_EQ(services.issuer.asked, 0);
}

TEST_F(Check, NamesBothLinesOfADuplicate) {
  const TemporaryFile twice(good_line + "# between\n" + good_line);
  const std::string message = RunJson({"--env-file", twice.path()})["error"]["message"];
  EXPECT_NE(message.find('1'), std::string::npos);
  EXPECT_NE(message.find('3'), std::string::npos);
}

TEST_F(Check, TellsEveryUnreadableFileAtOnce) {
  const json document = RunJson({"--env-file", "/nonexistent/a", "--env-file", "/nonexistent/b"});
  const std::string message = document["error"]["message"];
  EXPECT_NE(message.find("/nonexistent/a"), std::string::npos);
  EXPECT_NE(message.find("/nonexistent/b"), std::string::npos);
}

TEST_F(Check, PrintsNothingWhenQuietButTheExitCode) {
  AnswerWith(Verdict::kExpired, Reason::kSessionExpired);
  const TemporaryFile file(good_line);
  const Outcome outcome = Run({"--env-file", file.path(), "--quiet"});
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.exit_code, ExitCode::kGateFailed);
}

TEST_F(Check, UsesColoursOnATerminalUnlessRefused) {
  const TemporaryFile file(good_line);
  const auto coloured = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--env-file", file.path()});
    return Run(more).out.find('\x1b') != std::string::npos;
  };
  EXPECT_FALSE(coloured({}));
  services.terminal = true;
  EXPECT_TRUE(coloured({}));
  EXPECT_FALSE(coloured({"--no-color"}));
  services.environment["NO_COLOR"] = "";
  EXPECT_TRUE(coloured({}));
  services.environment["NO_COLOR"] = "1";
  EXPECT_FALSE(coloured({}));
}

TEST_F(Check, JudgesAtTheTimeItIsToldTo) {
  services.input = FakeToken();
  const json document = RunJson({"--token-stdin", "--now", "2030-01-02T03:04:05Z"});
  EXPECT_EQ(document["generated_at"], "2030-01-02T03:04:05Z");
  EXPECT_EQ(document["tokens"][0]["evidence"]["observed_at"], "2030-01-02T03:04:05Z");
}

// ---- --config ----

class CheckConfig : public Check {
 protected:
  const TemporaryFile file{"version: 1\n"};  // its content comes from the fake
  void SetUp() override {
    services.config.config = Config{};
    services.secrets["APP_SECRET"] = FakeAppSecret();
  }

  CredentialSpec& Add(const std::string& name, Result<std::string> value) {
    CredentialSpec spec;
    spec.name = name;
    spec.meta.app_secret = SecretRef{SecretRef::Kind::kEnv, "APP_SECRET", ""};
    spec.source = SourceSpec{SourceKind::kFile, "/run/" + name, ""};
    services.sources.emplace("/run/" + name, std::move(value));
    services.config.config->credentials.push_back(spec);
    return services.config.config->credentials.back();
  }
};

TEST_F(CheckConfig, ChecksEveryCredentialInItsOrderWithItsTenant) {
  Add("first", FakeToken('q')).tenant = "acme";
  Add("second", FakeToken('r'));
  const json document = RunJson({"--config", file.path()});
  EXPECT_EQ(document["tokens"][0]["name"], "first");
  EXPECT_EQ(document["tokens"][0]["tenant"], "acme");
  EXPECT_EQ(document["tokens"][1]["name"], "second");
  EXPECT_TRUE(document["tokens"][1]["tenant"].is_null());
  EXPECT_EQ(RunJson({"--config", file.path(), "--select", "tenant=acme"})["summary"]["total"], 1);
}

TEST_F(CheckConfig, LetsOneUnreadableSourceHideNoOther) {
  Add("gone", MakeError(ErrorKind::kNotFound, "no_such_file", "cannot read /run/gone: no such file",
                        "create it"));
  Add("shut", MakeError(ErrorKind::kPermissionDenied, "unreadable", "cannot read /run/shut: denied",
                        "chmod it"));
  Add("fine", FakeToken());
  const json all = RunJson({"--config", file.path()});
  EXPECT_EQ(all["exit_code"], 2);  // the missing file outranks the refused one
  EXPECT_EQ(all["tokens"][0]["verdict"], "indeterminate");
  EXPECT_EQ(all["tokens"][0]["reason"], "not_configured");
  EXPECT_TRUE(all["tokens"][0]["fingerprint"].is_null());
  EXPECT_EQ(all["tokens"][2]["gate"], "pass");
  EXPECT_EQ(RunJson({"--config", file.path(), "--select", "shut"})["exit_code"], 5);
}

TEST_F(CheckConfig, SaysWhichSecretCouldNotBeRead) {
  Add("one", FakeToken()).meta.app_secret = SecretRef{SecretRef::Kind::kEnv, "MISSING", ""};
  const json token = RunJson({"--config", file.path()})["tokens"][0];
  EXPECT_EQ(token["findings"][0]["id"], "not_proven");
  EXPECT_NE(token["findings"][0]["message"].get<std::string>().find("MISSING"), std::string::npos);
}

TEST_F(CheckConfig, TakesFingerprintsUnderTheStatesKeyWhenItCanBeRead) {
  Add("one", FakeToken());
  EXPECT_EQ(RunJson({"--config", file.path()})["tokens"][0]["fingerprint"].get<std::string>()[5],
            'b');
  services.config.config->state_key = SecretRef{SecretRef::Kind::kEnv, "STATE_KEY", ""};
  services.secrets["STATE_KEY"] = "k";
  EXPECT_EQ(RunJson({"--config", file.path()})["tokens"][0]["fingerprint"].get<std::string>()[5],
            'a');
}

TEST_F(CheckConfig, ExitsTwoWithThePlaceOfEveryProblem) {
  services.config.config.reset();
  services.config.problems = {{"agent.yaml", 3, 5, "unknown key `renwe`", "did you mean `renew`?"}};
  const json document = RunJson({"--config", file.path()});
  EXPECT_EQ(document["exit_code"], 2);
  EXPECT_NE(document["error"]["message"].get<std::string>().find("agent.yaml:3:5"),
            std::string::npos);
}

TEST_F(CheckConfig, ExitsTwoWhenTheFileIsMissing) {
  EXPECT_EQ(RunJson({"--config", "/nonexistent/agent.yaml"})["error"]["reason"], "no_such_file");
}

TEST_F(CheckConfig, IgnoresTheConfigurationOfTheEnvironmentWhenAFlagNamesASource) {
  Add("configured", FakeToken());
  services.environment["TOKENWARDEN_CONFIG"] = file.path();
  EXPECT_EQ(RunJson({})["tokens"][0]["name"], "configured");
  services.input = FakeToken();
  const json document = RunJson({"--token-stdin"});
  EXPECT_EQ(document["summary"]["total"], 1);
  EXPECT_EQ(document["tokens"][0]["name"], "stdin");
}

}  // namespace
}  // namespace tokenwarden::cli
