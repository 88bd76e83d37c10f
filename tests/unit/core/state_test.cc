#include "agent/core/state.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace tokenwarden {
namespace {

using S = RotationState;

std::set<S> AllStates() {
  std::set<S> all;
  for (int i = 0; i <= static_cast<int>(S::kFailed); ++i) all.insert(static_cast<S>(i));
  return all;
}

std::set<S> After(S from) {
  std::set<S> next;
  for (S to : AllStates()) {
    if (CanFollow(from, to)) next.insert(to);
  }
  return next;
}

TEST(RotationSteps, AreTheseAndNoOthers) {
  EXPECT_EQ(After(S::kIntent),
            (std::set<S>{S::kRequested, S::kCandidate, S::kAmbiguous, S::kFailed}));
  EXPECT_EQ(After(S::kRequested), (std::set<S>{S::kReceived, S::kAmbiguous, S::kFailed}));
  EXPECT_EQ(After(S::kReceived), (std::set<S>{S::kCandidate, S::kAmbiguous, S::kFailed}));
  EXPECT_EQ(After(S::kCandidate), (std::set<S>{S::kProven, S::kRefused, S::kFailed}));
  EXPECT_EQ(After(S::kProven), (std::set<S>{S::kCurrent, S::kRefused, S::kFailed}));
  EXPECT_EQ(After(S::kCurrent), (std::set<S>{S::kPublished, S::kRetired}));
  EXPECT_EQ(After(S::kPublished), (std::set<S>{S::kSettled, S::kRetired}));
  EXPECT_EQ(After(S::kSettled), (std::set<S>{S::kRetired}));
  EXPECT_EQ(After(S::kRetired), (std::set<S>{}));
  EXPECT_EQ(After(S::kAmbiguous),
            (std::set<S>{S::kRequested, S::kReceived, S::kCandidate, S::kFailed}));
  EXPECT_EQ(After(S::kRefused), (std::set<S>{S::kProven}));
  EXPECT_EQ(After(S::kFailed), (std::set<S>{}));
}

TEST(RotationSteps, NeverMakeAValueCurrentThatWasNotProven) {
  for (S from : AllStates()) EXPECT_EQ(CanFollow(from, S::kCurrent), from == S::kProven);
}

TEST(RotationSteps, NeverGoBackToIntentAndNeverStandStill) {
  for (S from : AllStates()) {
    EXPECT_FALSE(CanFollow(from, S::kIntent));
    EXPECT_FALSE(CanFollow(from, from));
  }
}

TEST(RotationSteps, LeadEveryUnfinishedRotationToAnEnd) {
  for (S start : AllStates()) {
    std::set<S> reached{start};
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (S from : std::set<S>(reached)) reached.merge(After(from));
    }
    const bool ends =
        reached.count(S::kRetired) + reached.count(S::kFailed) + reached.count(S::kRefused) != 0;
    EXPECT_TRUE(ends) << ToString(start);
  }
}

TEST(RotationStates, AreFinishedWhenRetiredRefusedOrFailed) {
  std::set<S> finished;
  for (S state : AllStates()) {
    if (!IsUnfinished(state)) finished.insert(state);
  }
  EXPECT_EQ(finished, (std::set<S>{S::kRetired, S::kRefused, S::kFailed}));
}

TEST(RotationStates, AreBeforeCurrentUntilTheValueIsPromoted) {
  std::set<S> before;
  for (S state : AllStates()) {
    if (IsBeforeCurrent(state)) before.insert(state);
  }
  EXPECT_EQ(before, (std::set<S>{S::kIntent, S::kRequested, S::kReceived, S::kCandidate, S::kProven,
                                 S::kAmbiguous}));
}

TEST(StateWord, IsPendingUntilTheIssuerSpokeAndThenItsLastConclusion) {
  CredentialState state;
  EXPECT_EQ(StateWord(state), "pending");
  state.silence = Observation{};
  EXPECT_EQ(StateWord(state), "pending");
  state.conclusive = Observation{};
  state.conclusive->verdict = Verdict::kRevoked;
  EXPECT_EQ(StateWord(state), "revoked");
}

Instant At(int day) { return FromUnix(1'800'000'000) + kDay * day; }

TEST(EarliestDeadline, IsTheFirstOfAllClocksWithItsReason) {
  TokenFacts facts;
  facts.lifetime = Lifetime::kFinite;
  facts.expires_at = At(10);
  EXPECT_EQ(EarliestDeadline(facts), (Deadline{At(10), DeadlineReason::kAccessExpiry}));
  facts.other_clocks = {{DeadlineReason::kVersionSunset, At(30)},
                        {DeadlineReason::kDataAccessExpiry, At(5)}};
  EXPECT_EQ(EarliestDeadline(facts), (Deadline{At(5), DeadlineReason::kDataAccessExpiry}));
}

TEST(EarliestDeadline, PrefersTheAccessExpiryWhenTwoClocksEndTogether) {
  TokenFacts facts;
  facts.lifetime = Lifetime::kFinite;
  facts.expires_at = At(10);
  facts.other_clocks = {{DeadlineReason::kDataAccessExpiry, At(10)}};
  EXPECT_EQ(EarliestDeadline(facts).reason, DeadlineReason::kAccessExpiry);
}

TEST(EarliestDeadline, OfANeverExpiringTokenIsAnotherClockOrNever) {
  TokenFacts facts;
  facts.lifetime = Lifetime::kNever;
  EXPECT_EQ(EarliestDeadline(facts), (Deadline{std::nullopt, DeadlineReason::kNever}));
  facts.expires_at = At(1);  // a date beside `never` is not an expiry
  EXPECT_EQ(EarliestDeadline(facts).reason, DeadlineReason::kNever);
  facts.other_clocks = {{DeadlineReason::kDataAccessExpiry, At(5)}};
  EXPECT_EQ(EarliestDeadline(facts), (Deadline{At(5), DeadlineReason::kDataAccessExpiry}));
}

TEST(EarliestDeadline, IsUnknownWhenNothingWasSaid) {
  EXPECT_EQ(EarliestDeadline(TokenFacts{}), (Deadline{std::nullopt, DeadlineReason::kUnknown}));
  TokenFacts finite;
  finite.lifetime = Lifetime::kFinite;
  EXPECT_EQ(EarliestDeadline(finite).reason, DeadlineReason::kUnknown);
}

TEST(EarliestDeadline, IgnoresClocksThatTellNoTime) {
  TokenFacts facts;
  facts.other_clocks = {{DeadlineReason::kNever, At(1)}, {DeadlineReason::kUnknown, At(2)}};
  EXPECT_FALSE(EarliestDeadline(facts).at.has_value());
}

}  // namespace
}  // namespace tokenwarden
