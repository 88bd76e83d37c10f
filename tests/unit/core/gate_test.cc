#include "agent/core/gate.h"

#include <gtest/gtest.h>

#include "tests/unit/core/build_cases.h"

namespace tokenwarden {
namespace {

Threshold At(std::string_view text) { return Threshold::Parse(text).value(); }

GateResult Gate(const Observation& seen, const GateOptions& options = {}) {
  return JudgeGate(seen, options, kNow).result;
}

TEST(Gate, PassesALivingTokenWithTimeLeft) {
  EXPECT_EQ(Gate(ValidFor(kDay * 50)), GateResult::kPass);
  EXPECT_EQ(Gate(ValidForever()), GateResult::kPass);
  EXPECT_EQ(Gate(Valid()), GateResult::kPass) << "by default only a dead token fails";
  EXPECT_TRUE(JudgeGate(ValidForever(), {}, kNow).why.empty());
}

TEST(Gate, FailsEveryConclusiveVerdictButValid) {
  for (int i = 0; i < kVerdictCount; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    if (verdict == Verdict::kValid || verdict == Verdict::kIndeterminate) continue;
    EXPECT_EQ(Gate(Seen(verdict, Reason::kSessionInvalid)), GateResult::kFail) << ToString(verdict);
  }
}

TEST(Gate, TreatsIndeterminateAsTold) {
  const Observation silent = Seen(Verdict::kIndeterminate, Reason::kOutage);
  GateOptions options;
  EXPECT_EQ(Gate(silent, options), GateResult::kIndeterminate);
  options.on_indeterminate = OnIndeterminate::kFail;
  EXPECT_EQ(Gate(silent, options), GateResult::kFail);
  options.on_indeterminate = OnIndeterminate::kWarn;
  EXPECT_EQ(Gate(silent, options), GateResult::kWarn);
  options.on_indeterminate = OnIndeterminate::kPass;
  EXPECT_EQ(Gate(silent, options), GateResult::kPass);
}

TEST(Gate, FailsExactlyWhenTheEndIsReached) {
  EXPECT_EQ(Gate(ValidFor(Seconds{1})), GateResult::kWarn);
  EXPECT_EQ(Gate(ValidFor(Seconds{0})), GateResult::kFail);
  EXPECT_EQ(Gate(ValidFor(Seconds{-1})), GateResult::kFail);
}

TEST(Gate, WantsAtLeastTheRemainingTimeAskedFor) {
  GateOptions options;
  options.min_remaining = At("20d");
  EXPECT_EQ(Gate(ValidFor(kDay * 20), options), GateResult::kPass);
  EXPECT_EQ(Gate(ValidFor(kDay * 20 - Seconds{1}), options), GateResult::kFail);
  EXPECT_EQ(Gate(ValidForever(), options), GateResult::kPass);
  EXPECT_EQ(Gate(Valid(), options), GateResult::kIndeterminate) << "its end is not known";
}

TEST(Gate, MeasuresAPercentageAgainstTheLifetime) {
  GateOptions options;
  options.min_remaining = At("50%");
  EXPECT_EQ(Gate(ValidFor(kDay * 30), options), GateResult::kPass);
  EXPECT_EQ(Gate(ValidFor(kDay * 30 - Seconds{1}), options), GateResult::kFail);
  Observation unknown_birth = ValidFor(kDay * 30);
  unknown_birth.facts.issued_at.reset();
  EXPECT_EQ(Gate(unknown_birth, options), GateResult::kIndeterminate);
  options.min_remaining = At("0%");
  EXPECT_EQ(Gate(unknown_birth, options), GateResult::kPass);
}

TEST(Gate, WarnsByDefaultBelowFourteenDaysOrAThirdOfTheLifetime) {
  EXPECT_EQ(Gate(ValidFor(kDay * 14)), GateResult::kPass);
  EXPECT_EQ(Gate(ValidFor(kDay * 14 - Seconds{1})), GateResult::kWarn);
  EXPECT_EQ(Gate(ValidFor(kHour * 8, kDay)), GateResult::kPass)
      << "a third of a day is eight hours";
  EXPECT_EQ(Gate(ValidFor(kHour * 8 - Seconds{1}, kDay)), GateResult::kWarn);
}

TEST(Gate, WarnsWhereTold) {
  GateOptions options;
  options.warn = At("0");
  EXPECT_EQ(Gate(ValidFor(Seconds{1}), options), GateResult::kPass);
  options.warn = At("90%");
  EXPECT_EQ(Gate(ValidFor(kDay * 53), options), GateResult::kWarn);
}

TEST(Gate, LooksAtTheEarliestClockNotOnlyAtTheAccessExpiry) {
  Observation seen = ValidForever();
  seen.facts.other_clocks = {{DeadlineReason::kDataAccessExpiry, kNow + kDay}};
  EXPECT_EQ(Gate(seen), GateResult::kWarn);
  GateOptions options;
  options.min_remaining = At("2d");
  EXPECT_EQ(Gate(seen, options), GateResult::kFail);
}

TEST(Gate, FailsWhenARequiredScopeIsMissing) {
  GateOptions options;
  options.required_scopes = {"messaging", "payments"};
  const GateVerdict verdict = JudgeGate(ValidForever(), options, kNow);
  EXPECT_EQ(verdict.result, GateResult::kFail);
  EXPECT_EQ(verdict.why, "lacks the required scope payments");
  options.required_scopes = {"messaging"};
  EXPECT_EQ(Gate(ValidForever(), options), GateResult::kPass);
}

TEST(Gate, DoesNotCallUnlistedScopesMissing) {
  Observation seen = ValidForever();
  seen.reason = Reason::kSelfReported;
  seen.facts.scopes.clear();
  GateOptions options;
  options.required_scopes = {"messaging"};
  EXPECT_EQ(Gate(seen, options), GateResult::kIndeterminate);
}

TEST(Gate, ListensToFindingsAsTheirSeveritySays) {
  Observation seen = ValidForever();
  seen.findings = {{"pending_review", Severity::kInfo, "under review", ""}};
  EXPECT_EQ(Gate(seen), GateResult::kPass);
  seen.findings.push_back({"quality_red", Severity::kWarn, "quality is red", ""});
  EXPECT_EQ(Gate(seen), GateResult::kWarn);
  seen.findings.push_back({"no_subscribed_app", Severity::kFail, "nobody listens", ""});
  EXPECT_EQ(Gate(seen), GateResult::kFail);
  EXPECT_EQ(JudgeGate(seen, {}, kNow).why, "no_subscribed_app: nobody listens");
}

TEST(Gate, SaysWhyInOneSentence) {
  EXPECT_EQ(JudgeGate(ValidFor(kDay * 3), {}, kNow).why,
            "ends in 3 days (access_expiry at 2026-11-23T10:00:00Z)");
  GateOptions options;
  options.min_remaining = At("7d");
  EXPECT_EQ(JudgeGate(ValidFor(kDay * 3), options, kNow).why,
            "ends in 3 days (access_expiry at 2026-11-23T10:00:00Z), and 7 days are wanted");
  EXPECT_EQ(JudgeGate(ValidFor(-kHour), {}, kNow).why,
            "ended 1 hour ago (access_expiry at 2026-11-20T09:00:00Z)");
  Observation dead = Seen(Verdict::kRevoked, Reason::kPasswordChanged);
  dead.message = "the user changed the password";
  EXPECT_EQ(JudgeGate(dead, {}, kNow).why,
            "revoked (password_changed): the user changed the password");
}

TEST(Threshold, IsADurationOrAPercentage) {
  EXPECT_EQ(At("7d").duration, kDay * 7);
  EXPECT_EQ(At("20%").percent, 20.0);
  EXPECT_EQ(At("12.5%").percent, 12.5);
  EXPECT_EQ(At("100%").percent, 100.0);
  for (const char* text : {"", "%", "101%", "-1%", "1e1%", ".5%", "5.%", "1.2.3%", " 5%", "5 %",
                           "nan%", "inf%", "7", "7days", "100.01%"}) {
    const Result<Threshold> parsed = Threshold::Parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_FALSE(parsed.error().action.empty());
  }
}

TEST(ExitCodes, FollowTheGate) {
  for (bool warnings_fail : {false, true}) {
    EXPECT_EQ(ExitCodeFor(GateResult::kPass, warnings_fail), ExitCode::kPass);
    EXPECT_EQ(ExitCodeFor(GateResult::kFail, warnings_fail), ExitCode::kGateFailed);
    EXPECT_EQ(ExitCodeFor(GateResult::kIndeterminate, warnings_fail), ExitCode::kIndeterminate);
  }
  EXPECT_EQ(ExitCodeFor(GateResult::kWarn, false), ExitCode::kPass);
  EXPECT_EQ(ExitCodeFor(GateResult::kWarn, true), ExitCode::kWarnings);
}

TEST(ExitCodes, KeepTheWorstInTheOrderTwoFiveFourOneThree) {
  constexpr int kOrder[] = {0, 3, 1, 4, 5, 2, 130};
  for (int i = 0; i < 7; ++i) {
    for (int j = 0; j < 7; ++j) {
      const ExitCode worst =
          WorstOf(static_cast<ExitCode>(kOrder[i]), static_cast<ExitCode>(kOrder[j]));
      EXPECT_EQ(static_cast<int>(worst), kOrder[std::max(i, j)]);
    }
  }
}

}  // namespace
}  // namespace tokenwarden
