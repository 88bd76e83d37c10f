// Tasks that wait do so side by side; everything else keeps to its order and its thread.
#include "agent/app/side_by_side.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <thread>

namespace tokenwarden {
namespace {

TEST(SideBySide, LetsTasksThatWaitForEachOtherEnd) {
  std::latch all(3);
  const auto meet = [&] { all.arrive_and_wait(); };
  std::vector<std::size_t> ended;
  RunSideBySide({{true, meet}, {false, meet}, {true, meet}},
                [&](std::size_t task) { ended.push_back(task); });
  ASSERT_EQ(ended.size(), 3u);
  EXPECT_EQ(ended.front(), 1u) << "what runs here is told before what is waited for";
  std::sort(ended.begin(), ended.end());
  EXPECT_EQ(ended, (std::vector<std::size_t>{0, 1, 2}));
}

TEST(SideBySide, TellsTheFastOneBeforeTheSlowOneHasEnded) {
  std::latch fast_was_told(1);
  std::vector<std::size_t> ended;
  RunSideBySide({{true, [&] { fast_was_told.wait(); }}, {true, [] {}}}, [&](std::size_t task) {
    ended.push_back(task);
    if (task == 1) fast_was_told.count_down();
  });
  EXPECT_EQ(ended, (std::vector<std::size_t>{1, 0}));
}

TEST(SideBySide, KeepsTheOrderAndTheThreadOfWhatDoesNotWait) {
  std::vector<int> order;
  const auto here = std::this_thread::get_id();
  const auto note = [&](int which) {
    return [&, which] {
      EXPECT_EQ(std::this_thread::get_id(), here);
      order.push_back(which);
    };
  };
  RunSideBySide({{false, note(0)}, {false, note(1)}, {false, note(2)}}, [](std::size_t) {});
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(SideBySide, NeedsNoThreadForOneTask) {
  const auto here = std::this_thread::get_id();
  RunSideBySide({{true, [&] { EXPECT_EQ(std::this_thread::get_id(), here); }}}, [](std::size_t) {});
  RunSideBySide({}, [](std::size_t) { ADD_FAILURE() << "there is nothing to tell of"; });
}

}  // namespace
}  // namespace tokenwarden
