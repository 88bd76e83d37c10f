#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/render/check_report.h"
#include "cli/render/config_problems.h"
#include "cli/render/json_writer.h"
#include "cli/render/parts.h"
#include "cli/render/token_view.h"
#include "tests/unit/cli/fake_services.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/schema.h"

namespace tokenwarden::cli {
namespace {

using nlohmann::json;

TokenReport ReportOf(const std::string& name, Observation seen) {
  TokenReport report;
  report.name = name;
  report.provider = "meta";
  report.kind = seen.facts.kind;
  report.fingerprint.text = "hmac:3f9a000000000001";
  report.gate = JudgeGate(seen, {}, kNow);
  report.observation = std::move(seen);
  return report;
}

Observation SystemUser(Verdict verdict, Reason reason) {
  Observation seen;
  seen.verdict = verdict;
  seen.reason = reason;
  seen.facts.kind = "system_user";
  seen.evidence.endpoint = "debug_token";
  seen.evidence.http_status = 200;
  seen.evidence.observed_at = kNow;
  return seen;
}

Observation Expired() {
  Observation seen = SystemUser(Verdict::kExpired, Reason::kSessionExpired);
  seen.message = "the session has expired";
  seen.action = "make a new token and hand it over: tokenwarden submit whatsapp";
  seen.facts.lifetime = Lifetime::kFinite;
  seen.facts.expires_at = kNow - kHour * 26;
  seen.facts.scopes = {"whatsapp_business_messaging"};
  seen.missing_scopes = {"whatsapp_business_management"};
  seen.evidence.code = 190;
  seen.evidence.subcode = 463;
  seen.evidence.trace_id = "A1b2";
  return seen;
}

Observation EndingSoon() {
  Observation seen = SystemUser(Verdict::kValid, Reason::kConfirmed);
  seen.message = "Meta says that it works";
  seen.facts.lifetime = Lifetime::kFinite;
  seen.facts.expires_at = kNow + kDay * 3;
  seen.facts.issued_at = kNow - kDay * 57;
  seen.findings = {{"no_subscribed_app", Severity::kWarn, "no app receives this account's webhooks",
                    "subscribe the app to the account"}};
  return seen;
}

Observation NeverEnding() {
  Observation seen = SystemUser(Verdict::kValid, Reason::kSelfReported);
  seen.message = "the token answers for itself";
  seen.facts.lifetime = Lifetime::kNever;
  seen.facts.other_clocks = {{DeadlineReason::kVersionSunset, kNow + kDay * 90}};
  seen.unproven = {"which app it belongs to: no app secret is known"};
  return seen;
}

Observation Silent() {
  Observation seen = SystemUser(Verdict::kIndeterminate, Reason::kBlocked);
  seen.message = "a web page came instead of an answer";
  seen.action = "check the proxy";
  seen.evidence.http_status = 403;
  return seen;
}

CheckReport Everything() {
  CheckReport report;
  report.generated_at = kNow;
  report.exit_code = ExitCode::kIndeterminate;
  report.tokens = {ReportOf("WHATSAPP_ACCESS_TOKEN", Expired()), ReportOf("soon", EndingSoon()),
                   ReportOf("forever", NeverEnding()), ReportOf("silent", Silent())};
  report.tokens[1].tenant = "acme";
  return report;
}

TEST(CheckText, SaysOneLinePerTokenThenWhatToDoThenTheSummary) {
  ExpectGolden("check.txt", RenderCheckText(Everything(), Colour::kNever));
}

TEST(CheckText, CarriesItsMeaningWithoutColours) {
  std::string coloured = RenderCheckText(Everything(), Colour::kAlways);
  EXPECT_NE(coloured.find("\x1b[31mFAIL"), std::string::npos);
}

TEST(CheckText, LetsNoControlCharacterOfTheIssuerReachTheTerminal) {
  Observation seen = Expired();
  seen.message = "line one\nline two \x1b[2J";
  CheckReport report;
  report.tokens = {ReportOf("a\nb", seen)};
  const std::string text = RenderCheckText(report, Colour::kNever);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("line one line two"), std::string::npos);
}

TEST(CheckText, SaysTheReasonForTheGateOnce) {
  const std::string text = RenderCheckText(Everything(), Colour::kNever);
  const std::size_t first = text.find("the session has expired");
  EXPECT_EQ(text.find("the session has expired", first + 1), std::string::npos);
}

TEST(CheckJson, IsTheContract) { ExpectGolden("check.json", RenderCheckJson(Everything())); }

TEST(CheckJson, ConformsToThePublishedSchema) {
  EXPECT_EQ(SchemaViolations(json::parse(RenderCheckJson(Everything())), CheckSchema()),
            std::vector<std::string>{});
}

TEST(CheckJson, SaysNullWhereTheIssuerSaidNothing) {
  CheckReport report;
  report.tokens = {ReportOf("bare", Observation{})};
  report.tokens[0].fingerprint = {};
  report.tokens[0].scopes_asked = true;
  const json token = json::parse(RenderCheckJson(report))["tokens"][0];
  for (const char* absent : {"kind", "expires_at", "remaining_seconds", "tenant", "scopes",
                             "deadline", "missing_scopes", "fingerprint", "action"}) {
    EXPECT_TRUE(token[absent].is_null()) << absent;
  }
  EXPECT_EQ(token["lifetime"], "unknown");
  EXPECT_EQ(token["deadline_reason"], "unknown");
}

TEST(CheckJson, CountsRemainingSecondsBelowZero) {
  CheckReport report;
  report.generated_at = kNow;
  report.tokens = {ReportOf("old", Expired())};
  EXPECT_EQ(json::parse(RenderCheckJson(report))["tokens"][0]["remaining_seconds"], -93600);
}

// Every word that the program can say must be in the schema.
TEST(CheckSchema, KnowsEveryVerdictAndReason) {
  const json token = CheckSchema()["$defs"]["token"]["properties"];
  for (int verdict = 0; verdict < kVerdictCount; ++verdict) {
    const json word = ToString(static_cast<Verdict>(verdict));
    const json& known = token["verdict"]["enum"];
    EXPECT_NE(std::find(known.begin(), known.end(), word), known.end()) << word;
  }
  const json& reasons = token["reason"]["enum"];
  for (int reason = 0; reason <= static_cast<int>(Reason::kNotConfigured); ++reason) {
    const json word = ToString(static_cast<Reason>(reason));
    EXPECT_NE(std::find(reasons.begin(), reasons.end(), word), reasons.end()) << word;
  }
  EXPECT_EQ(reasons.size(), static_cast<std::size_t>(Reason::kNotConfigured) + 1);
}

TEST(SchemaValidator, FindsEachKindOfViolation) {
  const json good = json::parse(RenderCheckJson(Everything()));
  const auto violations = [&](auto change) {
    json bad = good;
    change(bad);
    return SchemaViolations(bad, CheckSchema()).size();
  };
  EXPECT_EQ(violations([](json& d) { d.erase("summary"); }), 1U);
  EXPECT_EQ(violations([](json& d) { d["extra"] = 1; }), 1U);
  EXPECT_EQ(violations([](json& d) { d["schema"] = "v2"; }), 1U);
  EXPECT_EQ(violations([](json& d) { d["tokens"][0]["verdict"] = "expiring"; }), 1U);
  EXPECT_EQ(violations([](json& d) { d["tokens"][0]["scopes"] = "a"; }), 1U);
  EXPECT_EQ(violations([](json& d) { d["tokens"][0]["deadline"] = "tomorrow"; }), 1U);
  EXPECT_EQ(violations([](json& d) { d["summary"]["total"] = -1; }), 1U);
}

TEST(JsonWriter, EscapesWhatJsonDoesNotAllowAndReplacesWhatIsNotUtf8) {
  const std::pair<std::string, std::string> cases[] = {
      {"a\"b\\c", "a\\\"b\\\\c"},
      {"\n\r\t\x01", "\\n\\r\\t\\u0001"},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"overlong \xC0\xAF", "overlong \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"surrogate \xED\xA0\x80", "surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"latin \xE9t\xE9", "latin \xEF\xBF\xBDt\xEF\xBF\xBD"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(JsonEscape(text), wanted);
}

TEST(JsonWriter, WritesEveryByteAsParsableJson) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  JsonWriter writer;
  writer.BeginObject().String(all, all).EndObject();
  EXPECT_FALSE(json::parse(writer.Take(), nullptr, false).is_discarded());
}

TEST(Errors, SayWhatHappenedAndWhatToDoOnOneLineEach) {
  const Error error{ErrorKind::kNotFound, "no_such_file", "cannot read\nx", "check it"};
  EXPECT_EQ(RenderErrorText(error), "error: cannot read x\ndo now: check it\n");
  const json document = json::parse(RenderErrorJson(error, 2));
  EXPECT_EQ(document["schema"], "tokenwarden.error/v1");
  EXPECT_EQ(document["error"]["kind"], "not_found");
}

TEST(ConfigProblems, NameFileLineAndColumnWhereTheyAreKnown) {
  const std::vector<ConfigProblem> problems = {
      {"agent.yaml", 12, 7, "unknown key `renwe`", "did you mean `renew`?"},
      {"agent.yaml", 0, 0, "cannot be read", ""}};
  EXPECT_EQ(RenderProblemsText(problems),
            "agent.yaml:12:7: unknown key `renwe`\n      do now: did you mean `renew`?\n"
            "agent.yaml: cannot be read\n");
  const json document = json::parse(RenderProblemsJson("agent.yaml", {std::nullopt, problems}, 2));
  EXPECT_EQ(document["problems"][0]["line"], 12);
  EXPECT_TRUE(document["problems"][1]["line"].is_null());
  EXPECT_EQ(document["valid"], false);
}

// ---- what an agent knows ----

TokenView InOrder() {
  TokenView token;
  token.name = "whatsapp";
  token.provider = "meta";
  token.state.name = "whatsapp";
  token.state.generation = 4;
  token.state.fingerprint.text = "hmac:3f9a000000000001";
  token.state.generation_since = kNow - kDay * 20;
  token.state.origin = Origin::kRefresh;
  Observation seen = EndingSoon();
  seen.facts.expires_at = kNow + kDay * 40;
  seen.findings.clear();
  seen.evidence.observed_at = kNow - kMinute * 3;
  token.deadline = EarliestDeadline(seen.facts);
  token.state.conclusive = seen;
  token.renewal_due_at = kNow + kDay * 26;
  token.next_look_at = kNow + kMinute * 12;
  return token;
}

TokenView InTrouble() {
  TokenView token = InOrder();
  token.name = token.state.name = "acme-bot";
  token.tenant = "acme";
  token.labels = {{"team", "bots"}};
  Observation dead = Expired();
  token.deadline = EarliestDeadline(dead.facts);
  token.state.conclusive = dead;
  token.state.silence = Silent();
  token.renewal_due_at.reset();
  token.state.renew.last_error = "the issuer refused";
  token.state.operator_need =
      OperatorNeed{"dead", "the token is dead: hand over a new one", kNow - kHour};
  SinkState behind;
  behind.target = ".env#TOKEN";
  behind.generation = 3;
  behind.last_error = "the disk is full";
  SinkState drifted;
  drifted.target = "/run/token";
  drifted.generation = 4;
  drifted.drifted = true;
  drifted.verified_at = kNow - kHour;
  token.state.sinks = {behind, drifted};
  token.sink_retries = {{".env#TOKEN", kNow + Seconds{40}}};
  SinkSpec alarmed;
  alarmed.kind = SinkKind::kFile;
  alarmed.path = "/run/token";
  alarmed.drift = Drift::kAlarm;
  token.sinks = {alarmed};
  return token;
}

TokenView Pending() {
  TokenView token;
  token.name = token.state.name = "new";
  token.provider = "meta";
  return token;
}

Explanation Explained() {
  Explanation explanation;
  explanation.token = InOrder();
  explanation.decision.action = Action::kHold;
  explanation.decision.reason = "in_order";
  explanation.decision.sentence = "nothing is due";
  explanation.decision.until = kNow + kMinute * 12;
  explanation.chain = {{"near_expiry", "silent"}, {"hold", "hold: nothing is due"}};
  Rotation rotation;
  rotation.state = RotationState::kRetired;
  rotation.from_generation = 3;
  rotation.to_generation = 4;
  rotation.started_at = kNow - kDay * 20;
  rotation.changed_at = kNow - kDay * 19;
  rotation.id = 12;
  rotation.note = "the previous generation was wiped";
  rotation.candidate_fingerprint.text = "hmac:3f9a000000000001";
  rotation.steps = {{RotationState::kIntent, kNow - kDay * 20, ""},
                    {RotationState::kAmbiguous, kNow - kDay * 20, "the connection was lost"},
                    {RotationState::kRetired, kNow - kDay * 19, rotation.note}};
  explanation.rotation_next = "It is finished";
  explanation.rotation = rotation;
  return explanation;
}

TEST(Status, SaysOneLinePerTokenAndOnlyTheTroublesBelow) {
  ExpectGolden("status.txt", RenderStatusText({InOrder(), InTrouble(), Pending()}, kNow));
}

TEST(Status, PromisesNoEndAndNoRenewalOfWhatIsDead) {
  TokenView token = InOrder();
  ASSERT_TRUE(token.deadline.at && *token.deadline.at > kNow && token.renewal_due_at);
  token.state.conclusive->verdict = Verdict::kRevoked;
  const std::string text = RenderStatusText({token}, kNow);
  EXPECT_NE(text.find("whatsapp  revoked, generation 4"), std::string::npos) << text;
  EXPECT_EQ(text.find("renewal due"), std::string::npos) << text;
}

TEST(Status, GivesMachinesTheSameFacts) {
  const std::string text = RenderStatusJson({InOrder(), InTrouble(), Pending()}, kNow);
  EXPECT_FALSE(json::parse(text, nullptr, false).is_discarded());
  ExpectGolden("status.json", text);
}

TEST(Explain, ShowsTheDecisionAndHowEveryRuleAnswered) {
  ExpectGolden("explain.txt", RenderExplanationText(Explained(), kNow));
  const std::string text = RenderExplanationJson(Explained(), kNow);
  EXPECT_FALSE(json::parse(text, nullptr, false).is_discarded());
  ExpectGolden("explain.json", text);
}

TEST(RotationOfOneToken, ShowsEveryStepWithItsTimeAndReason) {
  ExpectGolden("rotation.txt", RenderRotationText(Explained(), kNow));
  const std::string text = RenderRotationJson(Explained(), kNow);
  EXPECT_FALSE(json::parse(text, nullptr, false).is_discarded());
  ExpectGolden("rotation.json", text);
}

TEST(RotationOfOneToken, SaysThatThereWasNone) {
  Explanation explanation = Explained();
  explanation.rotation.reset();
  explanation.rotation_next.clear();
  EXPECT_NE(RenderRotationText(explanation, kNow).find("no rotation yet"), std::string::npos);
  EXPECT_TRUE(json::parse(RenderRotationJson(explanation, kNow))["rotation"].is_null());
}

}  // namespace
}  // namespace tokenwarden::cli
