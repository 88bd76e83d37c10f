// Clocks that jump, machines that sleep, values that end exactly now.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

constexpr Seconds kYear = kDay * 365;
const Seconds kJumps[] = {kHour, -kHour, kYear, -kYear};

struct JumpingHttp : HttpClient {
  JumpingHttp(World& world, Seconds jump) : world_(world), jump_(jump) {}
  Result<HttpReply> Send(const HttpRequest& request) override {
    world_.clock.Set(world_.clock.Now() + jump_);
    return world_.issuer.Send(request);
  }

 private:
  World& world_;
  Seconds jump_;
};

void PassHours(World& world, int hours) {
  for (int hour = 0; hour < hours; ++hour) {
    world.clock.Advance(kHour);
    world.Pass();
  }
}

TEST(Time, ChangesNoVerdictAndAsksForNothingWhenTheClockJumps) {
  for (const Seconds jump : kJumps) {
    World world;
    world.spec.renew.before = 14 * kDay;
    world.issuer.Mint("first", world.Living(3 * kYear, Seconds{0}));
    world.places.Put(".env#TOKEN", "first");
    world.Pass();
    for (const Seconds by : {jump, -jump}) {
      world.clock.Set(world.clock.Now() + by);
      world.Pass();
      const int inspections = world.issuer.inspections();
      PassHours(world, 24);
      EXPECT_LE(world.issuer.inspections(), inspections + 25) << jump.count();
      EXPECT_EQ(StateWord(world.state()), "valid") << jump.count();
      EXPECT_EQ(world.Held(), "first") << jump.count();
    }
    EXPECT_EQ(world.issuer.exchanges(), 0) << jump.count();
  }
}

TEST(Time, RenewsOnceWhenTheClockJumpsBetweenIntentAndReply) {
  for (const Seconds jump : kJumps) {
    World world;
    world.spec.renew.before = 14 * kDay;
    world.issuer.Mint("first", world.Living(2 * kDay, 58 * kDay));
    world.places.Put(".env#TOKEN", "first");
    world.issuer.NextRenewal("second", world.Living(3 * kYear, Seconds{0}));
    JumpingHttp http(world, jump);
    const Deps mine = world.deps();
    const Deps deps{mine.clock,       http,         mine.provider,      mine.store,
                    mine.places,      mine.secrets, mine.fingerprinter, mine.notifier,
                    mine.coordinator, mine.events};
    world.Start();
    Reconcile(deps, *world.keeper, WorkLimits{});
    PassHours(world, 48);
    EXPECT_EQ(world.Held(), "second") << jump.count();
    EXPECT_EQ(world.issuer.exchanges(), 1) << jump.count();
    EXPECT_EQ(StateWord(world.state()), "valid") << jump.count();
  }
}

TEST(Time, KeepsThePausesOfAFailingIssuerAcrossJumps) {
  for (const Seconds jump : kJumps) {
    World world;
    world.spec.renew.before = 14 * kDay;
    world.issuer.Mint("first", world.Living(2 * kYear, Seconds{0}));
    world.spec.renew.max_age = kDay;
    world.places.Put(".env#TOKEN", "first");
    world.Pass();
    world.clock.Advance(2 * kDay);
    int tries = 0;
    struct Refusing : HttpClient {
      explicit Refusing(int& tries) : tries_(tries) {}
      Result<HttpReply> Send(const HttpRequest&) override {
        ++tries_;
        return MakeError(ErrorKind::kUnavailable, "connect", "refused");
      }
      int& tries_;
    } http(tries);
    const Deps mine = world.deps();
    const Deps deps{mine.clock,       http,         mine.provider,      mine.store,
                    mine.places,      mine.secrets, mine.fingerprinter, mine.notifier,
                    mine.coordinator, mine.events};
    for (int minute = 0; minute < 120; ++minute) {
      if (minute == 60) world.clock.Set(world.clock.Now() + jump);
      world.clock.Advance(kMinute);
      Reconcile(deps, *world.keeper, WorkLimits{});
    }
    EXPECT_GE(tries, 2) << jump.count();
    EXPECT_LE(tries, 16) << jump.count();
  }
}

TEST(Time, CallsAValueExpiredAtItsLastSecondAndNotBefore) {
  World world;
  world.GiveFirst("first", kDay);
  world.spec.renew.enabled = false;
  world.Pass();
  world.clock.Advance(kDay - Seconds{1});
  world.Pass();
  EXPECT_EQ(StateWord(world.state()), "valid");
  world.clock.Advance(Seconds{1});
  world.Pass();
  EXPECT_EQ(StateWord(world.state()), "expired");
  EXPECT_TRUE(world.state().operator_need.has_value());
  EXPECT_EQ(world.issuer.exchanges(), 0);
}

TEST(Time, GoesOnAfterASleepOfDays) {
  World world;
  world.spec.renew.before = 14 * kDay;
  world.GiveFirst("first", 60 * kDay);
  world.Pass();
  world.issuer.NextRenewal("second", world.Living(120 * kDay, Seconds{0}));
  world.clock.Advance(55 * kDay);
  world.Pass();
  EXPECT_EQ(world.Held(), "second");
  EXPECT_EQ(world.issuer.exchanges(), 1);
}

}  // namespace
}  // namespace tokenwarden
