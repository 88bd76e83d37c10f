#include <gtest/gtest.h>

#include <set>

#include "agent/core/refresh_policy.h"
#include "tests/unit/core/build_cases.h"

namespace tokenwarden {
namespace {

TEST(Jitter, IsTheSameForTheSameNameAndStaysBelowItsBound) {
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "credential-" + std::to_string(i);
    const Seconds jitter = JitterFor(name, kHour);
    EXPECT_EQ(jitter, JitterFor(name, kHour));
    EXPECT_GE(jitter, Seconds{0});
    EXPECT_LT(jitter, kHour);
  }
  EXPECT_EQ(JitterFor("x", Seconds{0}), Seconds{0});
  EXPECT_EQ(JitterFor("x", Seconds{-5}), Seconds{0});
  EXPECT_EQ(JitterFor("x", Seconds{1}), Seconds{0});
}

TEST(Jitter, IsTheSameOnEveryMachine) {
  EXPECT_EQ(JitterFor("", Seconds{1000000007}), Seconds{14695981039346656037ULL % 1000000007ULL});
  EXPECT_EQ(JitterFor("a", Seconds{1000000007}), Seconds{0xaf63dc4c8601ec8cULL % 1000000007ULL});
}

TEST(Jitter, SpreadsNamesOverTheWholeBound) {
  int buckets[10] = {};
  for (int i = 0; i < 10000; ++i) {
    ++buckets[JitterFor("tenant-" + std::to_string(i), Seconds{1000}).count() / 100];
  }
  for (int count : buckets) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1200);
  }
}

TEST(Backoff, DoublesFromTheFirstDelayToTheCeiling) {
  constexpr int kExpected[] = {0, 60, 120, 240, 480, 960, 1920, 3600, 3600};
  for (std::uint32_t failures = 0; failures < 9; ++failures) {
    EXPECT_EQ(BackoffDelay(failures, kMinute, kHour, std::nullopt), Seconds{kExpected[failures]});
  }
  EXPECT_EQ(BackoffDelay(4'000'000'000U, kMinute, kHour, std::nullopt), kHour);
}

TEST(Backoff, IsNeverLongerThanASixthOfWhatIsLeft) {
  EXPECT_EQ(BackoffDelay(20, kMinute, kHour * 6, kHour * 12), kHour * 2);
  EXPECT_EQ(BackoffDelay(20, kMinute, kHour * 6, kDay * 30), kHour * 6);
  EXPECT_EQ(BackoffDelay(2, kMinute, kHour * 6, kHour * 12), kMinute * 2);
}

TEST(Backoff, NeverFallsBelowTheFirstDelay) {
  EXPECT_EQ(BackoffDelay(20, kMinute, kHour, Seconds{12}), kMinute);
  EXPECT_EQ(BackoffDelay(20, kMinute, Seconds{10}, std::nullopt), Seconds{10});
}

TEST(Backoff, IsInNoHurryAfterTheEnd) {
  EXPECT_EQ(BackoffDelay(20, kMinute, kHour, Seconds{0}), kHour);
  EXPECT_EQ(BackoffDelay(20, kMinute, kHour, Seconds{-9}), kHour);
}

std::optional<Seconds> Before(const Credential& credential) {
  const auto due = RenewalDueAt(credential.spec, credential.state);
  if (!due) return std::nullopt;
  return *credential.state.conclusive->facts.expires_at - *due;
}

// The window and at most a tenth more.
void ExpectWindow(const Credential& credential, Seconds window) {
  const std::optional<Seconds> before = Before(credential);
  ASSERT_TRUE(before.has_value());
  EXPECT_GE(*before, window);
  EXPECT_LE(*before, window + window / 10);
}

TEST(RenewalDue, IsAThirdOfTheLifetimeBeforeTheEndAndAtMostTwentyDays) {
  Credential credential;
  credential.See(ValidFor(kDay * 50, kDay * 60));
  ExpectWindow(credential, kDay * 20);
  credential.See(ValidFor(kDay * 50, kDay * 90));
  ExpectWindow(credential, kDay * 20);
  credential.See(ValidFor(kHour, kHour * 2));
  ExpectWindow(credential, kMinute * 40);
}

TEST(RenewalDue, FollowsTheConfiguredTimeWhenItIsShorterThanTheLifetime) {
  Credential credential;
  credential.spec.renew.before = kDay * 14;
  ExpectWindow(credential, kDay * 14);
  credential.spec.renew.before = kDay * 60;
  ExpectWindow(credential, kDay * 20);  // not shorter: ignored
}

TEST(RenewalDue, LeavesHalfOfTheTimeAfterARenewalInPeace) {
  Credential credential;
  credential.See(ValidFor(kDay * 60, kDay * 60));
  credential.spec.renew.before = kDay * 60 - kHour;
  for (int i = 0; i < 200; ++i) {
    credential.spec.name = "credential-" + std::to_string(i);
    EXPECT_GE(*RenewalDueAt(credential.spec, credential.state), kNow + kMinute * 30);
  }
}

TEST(RenewalDue, CountsTheLifetimeFromOurOwnMemoryWhenTheIssuerDoesNotSay) {
  Credential credential;
  Observation seen = ValidFor(kDay * 20);
  seen.facts.issued_at.reset();
  credential.See(seen);
  credential.state.generation_since = kNow - kDay * 10;
  ExpectWindow(credential, kDay * 10);
  credential.state.generation_since.reset();
  ExpectWindow(credential, kDay * 20);
}

TEST(RenewalDue, DoesNotExistWithoutAFiniteKnownLifetime) {
  Credential credential;
  credential.See(ValidForever());
  EXPECT_FALSE(RenewalDueAt(credential.spec, credential.state).has_value());
  credential.See(Valid());
  EXPECT_FALSE(RenewalDueAt(credential.spec, credential.state).has_value());
  credential.state.conclusive.reset();
  EXPECT_FALSE(RenewalDueAt(credential.spec, credential.state).has_value());
}

TEST(RenewalDue, IsNotMovedByClocksThatARenewalDoesNotMove) {
  Credential credential;
  const auto alone = RenewalDueAt(credential.spec, credential.state);
  credential.state.conclusive->facts.other_clocks = {{DeadlineReason::kDataAccessExpiry, kNow}};
  EXPECT_EQ(RenewalDueAt(credential.spec, credential.state), alone);
  credential.state.conclusive->facts.other_clocks = {{DeadlineReason::kRefreshExpiry, kNow + kDay}};
  EXPECT_LT(*RenewalDueAt(credential.spec, credential.state), *alone);
}

}  // namespace
}  // namespace tokenwarden
