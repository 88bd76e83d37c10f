#include "agent/core/time.h"

#include <gtest/gtest.h>

#include <random>

namespace tokenwarden {
namespace {

TEST(Utc, IsWrittenInOneForm) {
  EXPECT_EQ(FormatUtc(FromUnix(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatUtc(FromUnix(1795168800)), "2026-11-20T10:00:00Z");
  EXPECT_EQ(FormatUtc(FromUnix(951782399)), "2000-02-28T23:59:59Z");
  EXPECT_EQ(FormatUtc(FromUnix(951782400)), "2000-02-29T00:00:00Z");
  EXPECT_EQ(FormatUtc(FromUnix(kMaxUnixSeconds)), "9999-12-31T23:59:59Z");
}

TEST(Utc, StaysWithinFourDigitYearsForAnyInstant) {
  EXPECT_EQ(FormatUtc(Instant::max()), "9999-12-31T23:59:59Z");
  EXPECT_EQ(FormatUtc(Instant::min()), "0000-01-01T00:00:00Z");
}

TEST(Utc, IsReadBackExactly) {
  std::mt19937_64 random(20261120);
  for (int i = 0; i < 5000; ++i) {
    const Instant at = FromUnix(static_cast<long long>(random() % (kMaxUnixSeconds + 1)));
    const std::optional<Instant> back = ParseUtc(FormatUtc(at));
    ASSERT_TRUE(back.has_value()) << FormatUtc(at);
    ASSERT_EQ(*back, at);
  }
}

TEST(Utc, RefusesEverythingThatIsNotThatForm) {
  for (std::string_view text :
       {"", "2026-11-20", "2026-11-20T10:00:00", "2026-11-20T10:00:00+00:00",
        "2026-11-20 10:00:00Z", "2026-11-20T10:00:00z", " 2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00Z ", "2026-11-20T10:00:00.5Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
        "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z", "2026-11-20T10:00:60Z",
        "+026-11-20T10:00:00Z", "2026-1 -20T10:00:00Z", "2026-11-20T-1:00:00Z"}) {
    EXPECT_FALSE(ParseUtc(text).has_value()) << text;
  }
}

TEST(Durations, AreShownInTheTwoLargestUnits) {
  struct Row {
    long long seconds;
    const char* text;
  };
  constexpr Row kRows[] = {
      {0, "0 seconds"},           {1, "1 second"},
      {45, "45 seconds"},         {60, "1 minute"},
      {61, "1 minute 1 second"},  {119, "1 minute 59 seconds"},
      {3600, "1 hour"},           {3660, "1 hour 1 minute"},
      {3601, "1 hour"},           {86399, "23 hours 59 minutes"},
      {86400, "1 day"},           {93600, "1 day 2 hours"},
      {266400, "3 days 2 hours"}, {86400 * 60, "60 days"},
      {-93600, "1 day 2 hours"},  {86400 * 3 + 59, "3 days"},
  };
  for (const Row& row : kRows) EXPECT_EQ(FormatDuration(Seconds{row.seconds}), row.text);
}

TEST(Durations, AreShownForEveryNumber) {
  EXPECT_FALSE(FormatDuration(Seconds::max()).empty());
  EXPECT_FALSE(FormatDuration(Seconds::min()).empty());
}

TEST(Durations, AreReadInTheDocumentedForms) {
  struct Row {
    const char* text;
    long long seconds;
  };
  constexpr Row kRows[] = {{"0", 0},
                           {"0s", 0},
                           {"90s", 90},
                           {"15m", 900},
                           {"12h", 43200},
                           {"14d", 1209600},
                           {"2w", 1209600},
                           {"1h30m", 5400},
                           {"1w1d1h1m1s", 694861},
                           {"007s", 7},
                           {"36500d", 3153600000}};
  for (const Row& row : kRows) {
    const Result<Seconds> read = ParseDuration(row.text);
    ASSERT_TRUE(read.has_value()) << row.text;
    EXPECT_EQ(read->count(), row.seconds) << row.text;
  }
}

TEST(Durations, AreRefusedWithAReasonAndAnExample) {
  for (const char* text : {"",
                           "5",
                           "-5m",
                           "+5m",
                           "m",
                           "5x",
                           "5M",
                           "1.5h",
                           "5 m",
                           " 5m",
                           "5m ",
                           "30m1h",
                           "1h1h",
                           "5ms",
                           "1h30",
                           "36501d",
                           "99999999999999999999s",
                           "9999999999w",
                           "1e3s",
                           "٣m"}) {
    const Result<Seconds> read = ParseDuration(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(read.error().reason, "bad_duration");
    EXPECT_NE(read.error().action.find("15m"), std::string::npos);
  }
}

TEST(Durations, SayWhatIsWrong) {
  EXPECT_EQ(ParseDuration("5").error().message,
            "the duration `5` has no unit after its last number");
  EXPECT_EQ(ParseDuration("-5m").error().message, "the duration `-5m` is negative");
  EXPECT_EQ(ParseDuration("5y").error().message,
            "the duration `5y` has a unit that is not one of s, m, h, d, w");
  EXPECT_EQ(ParseDuration("30m1h").error().message,
            "the duration `30m1h` does not name its units once, longest first");
}

TEST(Durations, ShowOnlyTheBeginningOfATextThatIsNone) {
  const std::string message = ParseDuration(std::string(200, 'a')).error().message;
  EXPECT_LT(message.size(), 100u);
}

}  // namespace
}  // namespace tokenwarden
