// A reply that never came, with each rotation model: what happens next is the model's row, and no
// issuer is asked more often than its model allows.
#include <gtest/gtest.h>

#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

constexpr RotationModel kModels[] = {RotationModel::kNone, RotationModel::kGraceSame,
                                     RotationModel::kGraceFork, RotationModel::kStrict,
                                     RotationModel::kStrictFamily};

bool IsStrict(RotationModel model) {
  return model == RotationModel::kStrict || model == RotationModel::kStrictFamily;
}

struct DueWorld : World {
  explicit DueWorld(RotationModel model) {
    spec.renew.before = 14 * kDay;
    issuer.set_rotation_model(model);
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
  }
  void PassHours(int hours) {
    for (int hour = 0; hour < hours; ++hour) {
      clock.Advance(kHour);
      Pass();
    }
  }
};

struct Loss {
  const char* what;
  Error error;
  bool committed;
};
const Loss kLosses[] = {
    {"dropped before the commit", {ErrorKind::kUnavailable, "connection_lost", "lost", ""}, false},
    {"dropped after the commit", {ErrorKind::kUnavailable, "connection_lost", "lost", ""}, true},
    {"after the deadline", {ErrorKind::kDeadlineExceeded, "timeout", "too late", ""}, true},
    {"cut in the body", {ErrorKind::kDataLoss, "truncated", "cut", ""}, true},
};

TEST(LostReply, IsAskedForAgainOnlyWhereTheModelAllowsIt) {
  for (const RotationModel model : kModels) {
    for (const Loss& loss : kLosses) {
      const std::string where = std::string(ToString(model)) + ", " + loss.what;
      DueWorld world(model);
      world.issuer.FailSend(loss.error, loss.committed);
      world.Pass();
      EXPECT_EQ(world.Held(), "first") << where;
      world.keeper.reset();  // and it ends
      world.PassHours(24);
      const bool asked = world.state().operator_need.has_value();
      EXPECT_EQ(asked, IsStrict(model)) << where;
      if (IsStrict(model)) {
        EXPECT_EQ(world.Held(), "first") << where;
        EXPECT_LE(world.issuer.exchanges(), 1) << where;
        EXPECT_EQ(world.state().operator_need->reason, kLostReplyNeed) << where;
      } else {
        EXPECT_NE(world.Held(), "first") << where;
        EXPECT_LE(world.issuer.exchanges(), 2) << where;
      }
    }
  }
}

TEST(LostReply, OfAStrictIssuerIsOverOnceAnOperatorBringsAValue) {
  for (const RotationModel model : {RotationModel::kStrict, RotationModel::kStrictFamily}) {
    DueWorld world(model);
    world.issuer.FailSend(kLosses[1].error, true);
    world.Pass();
    world.issuer.Mint("brought", world.Living(60 * kDay, Seconds{0}));
    world.places.Put(".env#TOKEN", "brought");
    world.keeper->asked_verify = true;
    world.PassHours(2);
    EXPECT_EQ(world.Held(), "brought");
    EXPECT_FALSE(world.state().operator_need.has_value());
  }
}

}  // namespace
}  // namespace tokenwarden
