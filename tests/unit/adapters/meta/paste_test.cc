#include "agent/adapters/meta/paste.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

struct PasteCase {
  const char* name;
  std::string value;
  const char* words;
};

TEST(Paste, HazardsAreFoundWithoutAskingAnybody) {
  const PasteCase cases[] = {
      {"empty", "", "malformed/empty_value"},
      {"space before", " " + FakeToken(), "malformed/surrounding_space"},
      {"newline after", FakeToken() + "\n", "malformed/surrounding_space"},
      {"quotes", "\"" + FakeToken() + "\"", "malformed/quoted"},
      {"bearer", "Bearer " + FakeToken(), "malformed/bearer_prefix"},
      {"undefined", "undefined", "malformed/placeholder"},
      {"yaml placeholder", "${TOKEN}", "malformed/placeholder"},
      {"masked", FakeToken().substr(0, 10) + "\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2",
       "malformed/masked"},
      {"encoded bar", "123456%7Cabc", "malformed/percent_encoded"},
      {"dash inside", FakeToken() + "-x", "malformed/wrong_alphabet"},
      {"underscore inside", FakeToken() + "_x", "malformed/wrong_alphabet"},
      {"two bars", "123|abc|def", "malformed/wrong_alphabet"},
      {"bar without an id", "abc|def", "malformed/wrong_alphabet"},
      {"bar at the end", "123|", "malformed/wrong_alphabet"},
      {"too short", FakeToken().substr(0, 12), "malformed/truncated"},
      {"old form", "CAA" + FakeToken(), "malformed/cannot_parse"},
      {"instagram", "IGQ" + FakeToken(), "wrong_identity/other_kind"},
      {"threads", "THA" + FakeToken(), "wrong_identity/other_kind"},
      {"app secret", "0123456789abcdef0123456789ABCDEF", "wrong_identity/other_kind"},
      {"app token", std::string(kAppId) + "|abc", "wrong_identity/other_kind"},
  };
  for (const PasteCase& each : cases) {
    Bench bench;
    const Observation seen = bench.Inspect(each.value);
    EXPECT_EQ(Words(seen), each.words) << each.name;
    EXPECT_TRUE(bench.http.sent().empty()) << each.name;
    EXPECT_FALSE(seen.message.empty()) << each.name;
    EXPECT_FALSE(seen.action.empty()) << each.name;
    EXPECT_EQ(seen.evidence.endpoint, "local") << each.name;
    EXPECT_EQ(seen.evidence.observed_at, bench.now) << each.name;
    if (each.value.size() > 20) {
      EXPECT_EQ(AllText(seen).find(each.value), std::string::npos) << each.name;
    }
  }
}

TEST(Paste, LongTokensAreAsked) {
  Bench bench;
  bench.http.Answer("debug_token", 200, LivingBody());
  EXPECT_EQ(Words(bench.Inspect(FakeToken(std::string(300, 'q')))), "valid/confirmed");
}

TEST(Paste, ATokenThatLostItsEndIsForMetaToJudge) {
  Bench bench;
  bench.http.Answer(
      "debug_token", 200,
      R"({"data":{"is_valid":false,"error":{"code":190,"message":"The access token could not be decrypted"}}})");
  const std::string whole = FakeToken();
  EXPECT_EQ(Words(bench.Inspect(whole.substr(0, whole.size() - 7))), "malformed/undecryptable");
}

TEST(Paste, AnAppTokenIsWelcomeWhereOneIsWanted) {
  struct AppCase {
    const char* name;
    std::function<void(MetaSpec&)> want;
    const char* problem;  // empty: none
  };
  const AppCase cases[] = {
      {"kind app", [](MetaSpec& meta) { meta.kind = MetaKind::kApp; }, ""},
      {"any kind", [](MetaSpec& meta) { meta.kind = MetaKind::kAny; }, ""},
      {"other app",
       [](MetaSpec& meta) {
         meta.kind = MetaKind::kApp;
         meta.app_id = "5";
       },
       "other_app"},
      {"scopes wanted",
       [](MetaSpec& meta) {
         meta.kind = MetaKind::kAny;
         meta.required_scopes = {"email"};
       },
       "other_kind"},
      {"phone wanted",
       [](MetaSpec& meta) {
         meta.kind = MetaKind::kAny;
         meta.phone_number_id = "1";
       },
       "other_kind"},
      {"page wanted", [](MetaSpec& meta) { meta.kind = MetaKind::kPage; }, "other_kind"},
  };
  for (const AppCase& each : cases) {
    MetaSpec spec;
    spec.app_id = kAppId;
    each.want(spec);
    const auto problem = CheckMetaPaste(spec, Secret(std::string(kAppId) + "|generated-part_27"));
    EXPECT_EQ(problem ? ToString(problem->reason) : "", each.problem) << each.name;
  }
  MetaSpec app;
  app.kind = MetaKind::kApp;
  EXPECT_EQ(CheckMetaPaste(app, Secret(FakeToken()))->reason, Reason::kOtherKind);
}

}  // namespace
}  // namespace tokenwarden::meta
