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

TEST(ObservationJson, IsDamageWhereANumberIsNoWholeOneOrTooLarge) {
  Observation seen;
  seen.evidence.http_status = 200;
  const std::string good = ToJson(seen);
  const std::string status = "\"http_status\":200";
  ASSERT_NE(good.find(status), std::string::npos) << good;
  for (const char* number : {"1.5e300", "1e99", "200.0", "-1e40", "4294967496", "true", "null",
                             "18446744073709551615", "\"200\""}) {
    std::string text = good;
    text.replace(text.find(status), status.size(), std::string("\"http_status\":") + number);
    EXPECT_EQ(ParseObservation(text).error().kind, ErrorKind::kDataLoss) << number;
  }
}

}  // namespace
}  // namespace tokenwarden::codec
