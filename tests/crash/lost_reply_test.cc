// A reply to a renewal that is lost on its way: the shipped agent against the simulated issuer, in
// every way that it can lose one, and in every way that it can treat the old value.
#include <gtest/gtest.h>

#include "tests/crash/scene.h"

namespace tokenwarden::crash {
namespace {

struct Loss {
  const char* name;
  it::Json fault;
  bool commits;   // the issuer has acted
  bool received;  // the reply reaches the agent all the same
};

const std::vector<Loss>& Losses() {
  static const std::vector<Loss> losses = {
      {"drop_before_commit", {{"kind", "drop_before_commit"}}, false, false},
      {"reset", {{"kind", "reset"}}, false, false},
      {"drop_after_commit", {{"kind", "drop_after_commit"}}, true, false},
      {"drop_mid_body", {{"kind", "drop_mid_body"}}, true, false},
      {"hang_after_headers", {{"kind", "hang_after_headers"}}, true, false},
      {"late_reply", {{"kind", "late_reply"}, {"delay_ms", 4000}}, true, false},
      {"answer_twice", {{"kind", "answer_twice"}}, true, true},
  };
  return losses;
}

class LostReply : public ::testing::TestWithParam<const char*> {
 protected:
  static Setting Impatient() {
    Setting setting = Settings().front();
    setting.request_timeout = "2s";
    return setting;
  }
  void Plant(const it::Json& fault) {
    issuer.Control("knobs", {{"exchange_mode", GetParam()}});
    issuer.Control(
        "faults",
        it::Json::array(
            {{{"path", "/oauth/access_token"}, {"nth", 1}, {"times", 1}, {"fault", fault}}}));
  }
  int ExchangesReceived() const { return issuer.Counts()["exchanges"]["received"]; }

  it::Simulator issuer;
  Scene scene{issuer, Impatient()};
};

// `same` gives the same new value again; `fork` another one.
TEST_P(LostReply, IsAskedForOnceMoreAndNothingIsWrong) {
  for (const Loss& loss : Losses()) {
    scene.Reset();
    Plant(loss.fault);
    const int before = ExchangesReceived();
    const it::Finished first = scene.Recover();
    EXPECT_EQ(ExchangesReceived(), before + 1) << loss.name << ": one request, no retry";
    Evidence seen = scene.Gather(loss.received);
    EXPECT_EQ(seen.issued.empty(), !loss.commits) << loss.name;
    EXPECT_TRUE(JudgePlaces(seen).empty()) << loss.name;
    if (!loss.received) {
      EXPECT_EQ(seen.store.current, seen.first) << loss.name;
      EXPECT_NE(first.err.find("renewal failed"), std::string::npos) << loss.name << first.err;
      scene.LetAnHourPass();
      EXPECT_EQ(scene.Recover().exit_code, 0) << loss.name;
      seen = scene.Gather(false);
      EXPECT_LE(ExchangesReceived(), before + 2) << loss.name;
    }
    for (const Violation& each : Judge(seen, Moment::kRecovered)) {
      ADD_FAILURE() << loss.name << ": " << each.what;
    }
    ASSERT_FALSE(seen.issued.empty()) << loss.name;
    EXPECT_EQ(seen.store.current, seen.issued.back().value) << loss.name;
  }
}
INSTANTIATE_TEST_SUITE_P(Issuer, LostReply, ::testing::Values("fork", "same"));

// The issuer turned out to be stricter than it is known to be.
using LostReplyOfAStrictIssuer = LostReply;
TEST_P(LostReplyOfAStrictIssuer, EndsWithAnOperatorAndNotInALoop) {
  for (const Loss& loss : Losses()) {
    if (!loss.commits || loss.received) continue;
    Scene fresh(issuer, Impatient());
    fresh.Reset();
    Plant(loss.fault);
    const int before = ExchangesReceived();
    fresh.Recover();
    for (int hours = 0; hours < 4; ++hours) {
      fresh.LetAnHourPass();
      fresh.Recover();
    }
    const Evidence seen = fresh.Gather(false);
    EXPECT_FALSE(seen.store.need.empty()) << loss.name;
    EXPECT_EQ(seen.issued.size(), 1u) << loss.name;
    EXPECT_LE(ExchangesReceived(), before + 2) << loss.name;
    EXPECT_TRUE(JudgePlaces(seen).empty()) << loss.name << ": the file is as it was";
  }
}
INSTANTIATE_TEST_SUITE_P(Issuer, LostReplyOfAStrictIssuer, ::testing::Values("strict"));

}  // namespace
}  // namespace tokenwarden::crash
