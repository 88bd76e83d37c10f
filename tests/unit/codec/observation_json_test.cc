#include "agent/codec/observation_json.h"

#include <gtest/gtest.h>

namespace tokenwarden::codec {
namespace {

TEST(ObservationJson, IsReadableAndLeavesOutWhatIsAbsent) {
  Observation seen;
  seen.verdict = Verdict::kValid;
  seen.reason = Reason::kConfirmed;
  EXPECT_EQ(ToJson(seen),
            "{\"evidence\":{\"observed_at\":0},\"facts\":{\"lifetime\":\"unknown\"},"
            "\"reason\":\"confirmed\",\"verdict\":\"valid\"}");
}

TEST(ObservationJson, SurvivesBytesThatAreNotText) {
  Observation seen;
  seen.message = "from outside: \xff\xc3";
  Result<Observation> again = ParseObservation(ToJson(seen));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message.substr(0, 14), "from outside: ");
}

TEST(ObservationJson, IsDamageWhenItIsNotWhatWasWritten) {
  Observation seen;
  const std::string good = ToJson(seen);
  for (const std::string& text : {std::string(), std::string("[]"), std::string("{}"),
                                  std::string("null"), std::string("{\"verdict\":1}"),
                                  std::string("{\"verdict\":\"dead\",\"reason\":\"outage\"}")}) {
    EXPECT_EQ(ParseObservation(text).error().kind, ErrorKind::kDataLoss) << text;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ParseObservation(good.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace tokenwarden::codec
