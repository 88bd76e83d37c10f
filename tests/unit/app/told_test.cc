// What goes wrong is told, with a reason, an error and what to do. Each fact here was once silent.
#include <gtest/gtest.h>

#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

struct DueWorld : World {
  DueWorld() {
    spec.renew.before = 14 * kDay;
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
  }
  int Warnings(const std::string& message) const {
    int count = 0;
    for (const Event& event : events.all()) {
      const bool loud = event.level == LogLevel::kWarn || event.level == LogLevel::kError;
      count += loud && event.message.find(message) != std::string::npos && !event.reason.empty();
    }
    return count;
  }
};

TEST(Told, IsThatANewValueCouldNotBeProven) {
  DueWorld world;
  world.issuer.SilentAfterExchange(Reason::kOutage);
  world.Pass();
  ASSERT_EQ(world.state().rotation, RotationState::kCandidate);
  EXPECT_EQ(world.Warnings("could not be proven"), 1);
}

TEST(Told, IsThatTheOldValueCouldNotBeWiped) {
  DueWorld whole;
  whole.Start();
  whole.Pass();
  const std::vector<std::string> calls = whole.store.call_names();
  const auto at = std::find(calls.begin(), calls.end(), "Retire");
  ASSERT_NE(at, calls.end());
  DueWorld world;
  world.Start();
  world.store.FailCall(static_cast<int>(at - calls.begin()) + 1 - world.store.calls());
  world.Pass();
  EXPECT_EQ(world.Warnings("could not be wiped"), 1);
  world.clock.Advance(kHour);
  world.Pass();
  EXPECT_FALSE(world.state().rotation.has_value()) << "it is tried again";
}

}  // namespace
}  // namespace tokenwarden
