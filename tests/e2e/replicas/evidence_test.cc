// The judge of shared credentials can find each thing that it is there to find.
#include "tests/e2e/replicas/evidence.h"

#include <gtest/gtest.h>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/state_key.h"

namespace tokenwarden::replicas {
namespace {

using std::chrono::seconds;

class SharedCredential : public testing::Test {
 protected:
  SharedCredential() {
    evidence_.first_values = {{"c", "value-0"}, {"other", "foreign-0"}};
    Exchanged("a", "value-0", "value-1", 10);
    Exchanged("b", "value-1", "value-2", 20);
    evidence_.places.push_back({"c",
                                "secret c",
                                {At("value-0", 1, 5), At("value-1", 2, 5), At("value-2", 3, 6)},
                                {At("value-2", 3, 6)}});
  }

  void Exchanged(const std::string& agent, const std::string& old_value,
                 const std::string& new_value, int at) {
    evidence_.exchanges.push_back({agent, old_value, new_value, Moment(seconds(at))});
  }
  void Interrupted(const std::string& agent, int at) {
    evidence_.interruptions.push_back({agent, Moment(seconds(at))});
  }
  Version At(const std::string& value, std::uint64_t generation, std::uint64_t epoch) const {
    return {value, fingerprinter_->Of(Secret(value)).text, generation, epoch};
  }
  std::vector<Version>& History() { return evidence_.places.front().history; }
  std::vector<Version>& End() { return evidence_.places.front().at_end; }
  Judgement Judged() const { return Judge(evidence_, *fingerprinter_); }

  std::unique_ptr<Fingerprinter> fingerprinter_ = crypto::MakeFingerprinter(crypto::RandomKey());
  Evidence evidence_;
};

TEST_F(SharedCredential, IsFineWhenEachValueIsExchangedOnceAndPublishedInOrder) {
  const Judgement judged = Judged();
  EXPECT_EQ(judged.rotations, 2);
  EXPECT_EQ(judged.double_refreshes + judged.stale_overwrites + judged.behind, 0);
  EXPECT_TRUE(judged.sentences.empty());
}

TEST_F(SharedCredential, IsRefreshedTwiceWhenAValueIsExchangedTwice) {
  Exchanged("c", "value-1", "orphan", 21);
  EXPECT_EQ(Judged().double_refreshes, 1);
  EXPECT_EQ(Judged().sentences.front(),
            "value 1 of c was exchanged again by c, which b had done already");
}

TEST_F(SharedCredential, IsRefreshedTwiceAlsoWhenSomebodyElseWasInterrupted) {
  evidence_.exchanges.insert(evidence_.exchanges.begin(),
                             {"z", "value-0", "orphan", Moment(seconds(9))});
  Interrupted("a", 9);
  EXPECT_EQ(Judged().double_refreshes, 1);
}

TEST_F(SharedCredential, IsRefreshedTwiceAlsoWhenTheFirstReplyWasUsedAfterAll) {
  Interrupted("b", 20);
  Exchanged("c", "value-1", "orphan", 21);
  EXPECT_EQ(Judged().double_refreshes, 1) << "value-2 is in the Secret";
}

// Paused past its Lease with the reply in its hands, and continued after its successor had asked.
TEST_F(SharedCredential, IsRenewedAgainWhenTheFirstReplyCameToLight) {
  Interrupted("b", 20);
  Exchanged("c", "value-1", "orphan", 21);
  History().back().at = Moment(seconds(25));
  EXPECT_EQ(Judged().double_refreshes, 0);
  EXPECT_EQ(Judged().lost_replies, 1);
}

TEST_F(SharedCredential, IsRenewedAgainWhenTheFirstReplyDiedWithItsAgent) {
  evidence_.exchanges.insert(evidence_.exchanges.begin(),
                             {"z", "value-0", "orphan", Moment(seconds(5))});
  Interrupted("z", 6);
  EXPECT_EQ(Judged().double_refreshes, 0);
  EXPECT_EQ(Judged().lost_replies, 1);
}

TEST_F(SharedCredential, IsOverwrittenWhenAGenerationOrAnEpochGoesBack) {
  History().push_back(At("value-1", 2, 6));
  End() = {At("value-1", 2, 6)};
  EXPECT_EQ(Judged().stale_overwrites, 2) << "the value and its generation";
  EXPECT_EQ(Judged().behind, 1);
  History().back() = At("value-2", 3, 5);
  EXPECT_EQ(Judged().stale_overwrites, 1) << "the epoch";
}

TEST_F(SharedCredential, IsOverwrittenWhenItsVersionsInVaultGoBack) {
  History() = {
      {"value-0", "", 0, 0, false}, {"value-2", "", 0, 0, false}, {"value-1", "", 0, 0, false}};
  EXPECT_EQ(Judged().stale_overwrites, 1);
}

TEST_F(SharedCredential, IsOverwrittenWhenAValueIsNotWhatItsMarkersSay) {
  History().back().fingerprint = History().front().fingerprint;
  EXPECT_EQ(Judged().stale_overwrites, 1);
  History().back() = At("value-2", 2, 6);
  EXPECT_EQ(Judged().stale_overwrites, 1) << "another value in the same generation";
  History().back() = At("foreign-0", 3, 6);
  EXPECT_GE(Judged().stale_overwrites, 1) << "somebody else's";
}

TEST_F(SharedCredential, IsBehindWhenAPlaceIsEmptyOrMissedSomething) {
  End().clear();
  EXPECT_EQ(Judged().behind, 1);
  End() = {At("value-1", 2, 6)};
  EXPECT_EQ(Judged().behind, 1) << "renewed by b";
  End() = {At("value-2", 3, 6)};
  Exchanged("a", "value-2", "value-3", 30);
  EXPECT_EQ(Judged().behind, 1) << "never published";
  Interrupted("a", 30);
  EXPECT_EQ(Judged().behind, 0) << "and nobody can";
}

}  // namespace
}  // namespace tokenwarden::replicas
