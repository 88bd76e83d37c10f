#include "agent/adapters/meta/http_date.h"

#include <array>
#include <string>

namespace tokenwarden::meta {

std::optional<Instant> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // 0    5  8   12   17       26
  // Fri, 20 Nov 2026 10:00:00 GMT
  if (text.size() != 29 || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") {
    return std::nullopt;
  }
  std::size_t month = 0;
  while (month < kMonths.size() && kMonths[month] != text.substr(8, 3)) ++month;
  if (month == kMonths.size()) return std::nullopt;
  const std::string number = std::to_string(month + 1);
  // Rewritten as the form that core reads, which also checks every digit.
  std::string utc(text.substr(12, 4));
  utc += "-" + std::string(number.size() == 1 ? "0" : "") + number + "-";
  utc += text.substr(5, 2);
  utc += "T";
  utc += text.substr(17, 8);
  utc += "Z";
  return ParseUtc(utc);
}

}  // namespace tokenwarden::meta
