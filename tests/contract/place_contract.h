// What every Sink and Source on a server promises. A test program includes this once per place and
// instantiates PlaceContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, PlaceContract, testing::Values(MakeFakeHarness));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/ports/places.h"

namespace tokenwarden {

// One place of its own: a key in a Secret, in a Vault secret.
class PlaceHarness {
 public:
  virtual ~PlaceHarness() = default;
  virtual std::unique_ptr<Sink> MakeSink(Drift drift) = 0;
  virtual std::unique_ptr<Source> MakeSource() = 0;
  // What another person or program does and sees, not through our adapter.
  virtual void PutByHand(const std::string& value) = 0;
  virtual void PutOtherKeyByHand(const std::string& value) = 0;
  virtual std::optional<std::string> Held() = 0;
  virtual std::optional<std::string> HeldUnderOtherKey() = 0;
};
using MakePlaceHarness = std::function<std::unique_ptr<PlaceHarness>()>;

class PlaceContract : public testing::TestWithParam<MakePlaceHarness> {
 protected:
  PlaceContract() : harness_(GetParam()()), sink_(harness_->MakeSink(Drift::kRepair)) {}
  PlaceHarness& harness() { return *harness_; }
  Sink& sink() { return *sink_; }

  static PublishMarker MarkerOf(std::uint64_t epoch, Generation generation) {
    PublishMarker marker;
    marker.credential = "whatsapp";
    marker.generation = generation;
    marker.fingerprint = {"hmac:of-" + std::to_string(generation)};
    marker.epoch = epoch;
    return marker;
  }
  Result<PublishReport> Publish(const std::string& value, std::uint64_t epoch,
                                Generation generation) {
    return sink().Publish(Secret(value), MarkerOf(epoch, generation));
  }
  void MustPublish(const std::string& value, std::uint64_t epoch, Generation generation) {
    const Result<PublishReport> report = Publish(value, epoch, generation);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->outcome, PublishOutcome::kWritten);
  }
  void ExpectRefused(const Result<PublishReport>& report, const std::string& reason) {
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::kAborted) << report.error().message;
    EXPECT_EQ(report.error().reason, reason) << report.error().message;
    EXPECT_FALSE(report.error().action.empty());
  }

 private:
  std::unique_ptr<PlaceHarness> harness_;
  std::unique_ptr<Sink> sink_;
};

TEST_P(PlaceContract, HoldsNothingAtFirstAndSaysSo) {
  const Result<Secret> by_sink = sink().Read();
  ASSERT_FALSE(by_sink);
  EXPECT_EQ(by_sink.error().kind, ErrorKind::kNotFound);
  const Result<Secret> by_source = harness().MakeSource()->Read();
  ASSERT_FALSE(by_source);
  EXPECT_EQ(by_source.error().kind, ErrorKind::kNotFound);
}

TEST_P(PlaceContract, HoldsWhatWasPublishedForUsAndForOthers) {
  MustPublish("first-value", 1, 1);
  EXPECT_EQ(harness().Held(), "first-value");
  EXPECT_EQ(sink().Read()->Reveal(), "first-value");
  MustPublish("second-value", 1, 2);
  EXPECT_EQ(harness().Held(), "second-value");
  EXPECT_EQ(harness().MakeSource()->Read()->Reveal(), "second-value");
}

TEST_P(PlaceContract, HoldsAnyText) {
  const std::string value = "a b=\"c'\\ #\n\t$x \xC3\xA9 {}[]";
  MustPublish(value, 1, 1);
  EXPECT_EQ(harness().Held(), value);
  EXPECT_EQ(sink().Read()->Reveal(), value);
}

TEST_P(PlaceContract, IsWrittenOnlyWhenSomethingDiffers) {
  MustPublish("same-value", 1, 1);
  const Result<PublishReport> again = Publish("same-value", 1, 1);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->outcome, PublishOutcome::kUnchanged);
}

TEST_P(PlaceContract, KeepsWhatElseIsThere) {
  harness().PutOtherKeyByHand("kept-value");
  MustPublish("first-value", 1, 1);
  EXPECT_EQ(harness().HeldUnderOtherKey(), "kept-value");
  harness().PutOtherKeyByHand("changed-value");
  MustPublish("second-value", 1, 2);
  EXPECT_EQ(harness().HeldUnderOtherKey(), "changed-value");
}

TEST_P(PlaceContract, IsReadAsSourceAfterAPersonPutAValueThere) {
  harness().PutByHand("pasted-value");
  EXPECT_EQ(harness().MakeSource()->Read()->Reveal(), "pasted-value");
}

TEST_P(PlaceContract, UnderRepairIsWrittenOverAfterAPersonChangedIt) {
  MustPublish("ours-value", 1, 1);
  harness().PutByHand("pasted-value");
  MustPublish("ours-value", 1, 1);
  EXPECT_EQ(harness().Held(), "ours-value");
  harness().PutByHand("pasted-value");
  MustPublish("newer-value", 1, 2);
  EXPECT_EQ(harness().Held(), "newer-value");
}

TEST_P(PlaceContract, RefusesAHolderOfALowerEpoch) {
  MustPublish("newer-value", 5, 7);
  // Whoever was deposed may have fetched a higher generation in the meantime.
  ExpectRefused(Publish("stale-value", 4, 8), "newer_epoch");
  EXPECT_EQ(harness().Held(), "newer-value");
}

TEST_P(PlaceContract, RefusesAnOlderGenerationOfTheSameEpoch) {
  MustPublish("newer-value", 5, 7);
  ExpectRefused(Publish("stale-value", 5, 6), "newer_generation");
  EXPECT_EQ(harness().Held(), "newer-value");
}

TEST_P(PlaceContract, RefusesItAlsoFromAnotherProcess) {
  MustPublish("newer-value", 5, 7);
  const auto other = harness().MakeSink(Drift::kRepair);
  ExpectRefused(other->Publish(Secret("stale-value"), MarkerOf(4, 9)), "newer_epoch");
  ExpectRefused(other->Publish(Secret("stale-value"), MarkerOf(5, 6)), "newer_generation");
  EXPECT_EQ(harness().Held(), "newer-value");
}

TEST_P(PlaceContract, TakesAnyGenerationOfAHigherEpoch) {
  MustPublish("first-value", 5, 7);
  MustPublish("second-value", 6, 2);
  EXPECT_EQ(harness().Held(), "second-value");
}

}  // namespace tokenwarden
