#include "tests/crash/points.h"

#include <gtest/gtest.h>

#include <set>

namespace tokenwarden::crash {
namespace {

TEST(Points, TryWhatEveryRunShowsAndEndByThemselves) {
  Points points;
  points.Done("", false, {"a#1", "b#1"});
  std::set<std::string> tried;
  while (const auto point = points.Next()) {
    tried.insert(*point);
    points.Done(
        *point, true,
        *point == "b#1" ? std::vector<std::string>{"a#1", "c#1"} : std::vector<std::string>{"a#1"});
  }
  EXPECT_EQ(tried, (std::set<std::string>{"a#1", "b#1", "c#1"}));
  EXPECT_EQ(points.reached(), 3);
  EXPECT_TRUE(points.seldom().empty());
}

TEST(Points, SayWhichWereNotMetAgain) {
  Points points;
  points.Done("", false, {"a#1", "rare#7"});
  int tries = 0;
  while (const auto point = points.Next()) {
    tries += *point == "rare#7" ? 1 : 0;
    points.Done(*point, *point == "a#1", {});
  }
  EXPECT_GT(tries, 1);
  EXPECT_EQ(points.seldom(), std::vector<std::string>{"rare#7"});
  EXPECT_EQ(points.reached(), 1);
}

}  // namespace
}  // namespace tokenwarden::crash
