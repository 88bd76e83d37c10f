#include "agent/core/time.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace tokenwarden {
namespace {

struct Unit {
  char letter;
  std::string_view singular;
  std::int64_t seconds;
};
// Falling: the order in which a duration is written and read.
constexpr Unit kUnits[] = {
    {'w', "week", 7 * 86400}, {'d', "day", 86400}, {'h', "hour", 3600},
    {'m', "minute", 60},      {'s', "second", 1},
};
constexpr int kUnitCount = 5;
constexpr int kDays = 1;  // for people nothing is longer than days: dates are counted in them

constexpr Seconds kLongestDuration = kDay * 36500;
constexpr Instant kFirstShown{Seconds{-62167219200}};  // the year 0000

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Fixed-width digits only: no sign, no space.
std::optional<int> Digits(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!IsDigit(text[i])) return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

bool HasPunctuation(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != 'd' && text[i] != kShape[i]) return false;
  }
  return true;
}

std::string Counted(std::uint64_t count, std::string_view singular) {
  std::string text = std::to_string(count) + " " + std::string(singular);
  if (count != 1) text += 's';
  return text;
}

// The text as it may stand in an error: bounded, printable.
std::string Quoted(std::string_view text) {
  std::string shown;
  for (char c : text.substr(0, 16)) shown += c >= ' ' && c < 0x7f ? c : '?';
  return "`" + shown + (text.size() > 16 ? "…`" : "`");
}

tl::unexpected<Error> BadDuration(std::string_view text, const std::string& what) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_duration",
                   "the duration " + Quoted(text) + " " + what,
                   "write a number with a unit, for example 90s, 15m, 12h, 14d, 2w or 1h30m");
}

// Index into kUnits, or -1.
int UnitIndex(char letter) {
  for (int i = 0; i < kUnitCount; ++i) {
    if (kUnits[i].letter == letter) return i;
  }
  return -1;
}

}  // namespace

std::string FormatUtc(Instant at) {
  at = std::clamp(at, kFirstShown, FromUnix(kMaxUnixSeconds));
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const auto second_of_day = static_cast<int>((at - day).count());
  char text[32];
  const int written = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second_of_day / 3600,
      second_of_day / 60 % 60, second_of_day % 60);
  return std::string(text, static_cast<std::size_t>(written));
}

std::optional<Instant> ParseUtc(std::string_view text) {
  if (!HasPunctuation(text)) return std::nullopt;
  const auto year = Digits(text, 0, 4);
  const auto month = Digits(text, 5, 2);
  const auto day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2);
  const auto minute = Digits(text, 14, 2);
  const auto second = Digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + Seconds{*hour * 3600 + *minute * 60 + *second};
}

std::string FormatDuration(Seconds duration) {
  const std::int64_t count = duration.count();
  // Negated as unsigned, so that even the smallest number has a size.
  std::uint64_t left = static_cast<std::uint64_t>(count);
  if (count < 0) left = 0 - left;
  for (int i = kDays; i < kUnitCount; ++i) {
    const auto size = static_cast<std::uint64_t>(kUnits[i].seconds);
    if (left < size) continue;
    std::string text = Counted(left / size, kUnits[i].singular);
    if (i + 1 == kUnitCount) return text;
    const std::uint64_t rest = left % size / static_cast<std::uint64_t>(kUnits[i + 1].seconds);
    return rest == 0 ? text : text + " " + Counted(rest, kUnits[i + 1].singular);
  }
  return "0 seconds";
}

Result<Seconds> ParseDuration(std::string_view text) {
  if (text.empty()) return BadDuration(text, "is empty");
  if (text == "0") return Seconds{0};
  if (text.front() == '-') return BadDuration(text, "is negative");
  Seconds total{0};
  int last_unit = -1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return BadDuration(text, "has no number where one was expected");
    std::int64_t number = 0;
    for (; i < text.size() && IsDigit(text[i]); ++i) {
      number = number * 10 + (text[i] - '0');
      if (number > kLongestDuration.count()) return BadDuration(text, "is longer than 36500d");
    }
    if (i == text.size()) return BadDuration(text, "has no unit after its last number");
    const int unit = UnitIndex(text[i]);
    if (unit < 0) return BadDuration(text, "has a unit that is not one of s, m, h, d, w");
    if (unit <= last_unit) return BadDuration(text, "does not name its units once, longest first");
    last_unit = unit;
    total += Seconds{number * kUnits[unit].seconds};
    if (total > kLongestDuration) return BadDuration(text, "is longer than 36500d");
  }
  return total;
}

}  // namespace tokenwarden
