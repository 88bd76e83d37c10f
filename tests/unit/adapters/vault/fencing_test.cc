// Two agents, one of which was deposed and does not know it, and crashes between any two requests:
// what must never happen is that an old value ends above a new one.
#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

// Each agent has a connection of its own.
class VaultFencing : public Stage {
 protected:
  VaultFencing() : old_(Connect(ByRoot())), next_(Connect(ByRoot())) {}

  void ExpectHeld(const std::string& value, const std::string& generation,
                  const std::string& epoch) {
    EXPECT_EQ(Held(), value);
    EXPECT_EQ(MarkerHeld("generation"), generation);
    EXPECT_EQ(MarkerHeld("epoch"), epoch);
  }

  std::unique_ptr<Vault> old_;   // holds epoch 1
  std::unique_ptr<Vault> next_;  // holds epoch 2
};

TEST_F(VaultFencing, ALateWriterIsRefused) {
  ASSERT_TRUE(Publish(*next_, "new", Marker(2, 2)));
  ExpectFails(Publish(*old_, "stale", Marker(3, 1)), ErrorKind::kAborted, "newer_epoch");
  ExpectHeld("new", "2", "2");
}

// The successor does its whole work right before each request of the old holder in turn.
TEST_F(VaultFencing, ASuccessorBetweenAnyTwoRequestsIsNotWrittenOver) {
  for (const char* method : {"GET", "PATCH", "POST"}) {
    for (const bool exists : {true, false}) {
      api_.Mount("secret/", 2);
      if (exists) api_.kv().Put("a", kKey, "first");
      api_.Before(method, "/a", [&] { ASSERT_TRUE(Publish(*next_, "new", Marker(2, 2))); });
      const Result<PublishReport> late = Publish(*old_, "stale", Marker(1, 1));
      EXPECT_FALSE(late) << method;
      EXPECT_EQ(Held(), "new") << method << exists;
    }
  }
}

// The old holder was stopped between its read and its claim, and claims late. The data is protected
// by check-and-set; the claim is put back by the successor's next look.
TEST_F(VaultFencing, AClaimThatComesLateIsPutBack) {
  api_.kv().Put("a", kKey, "first");
  api_.Before("PATCH", "metadata/a", [&] { ASSERT_TRUE(Publish(*next_, "new", Marker(2, 2))); });
  ExpectFails(Publish(*old_, "stale", Marker(1, 1)), ErrorKind::kAborted, "conflict");
  EXPECT_EQ(Held(), "new");
  EXPECT_EQ(MarkerHeld("epoch"), "1");
  ASSERT_TRUE((*next_->MakeSink(SinkAt()))->Read());
  ExpectHeld("new", "2", "2");
  ExpectFails(Publish(*old_, "stale", Marker(1, 1)), ErrorKind::kAborted, "newer_epoch");
}

// A look by whoever was deposed changes nothing.
TEST_F(VaultFencing, ADeposedHolderDoesNotPutItsClaimBack) {
  ASSERT_TRUE(Publish(*old_, "old", Marker(1, 1)));
  ASSERT_TRUE(Publish(*next_, "new", Marker(2, 2)));
  ASSERT_TRUE((*old_->MakeSink(SinkAt()))->Read());
  ExpectHeld("new", "2", "2");
}

struct Crash {
  int requests;
  bool carried_out;
  bool exists;
};
void PrintTo(const Crash& crash, std::ostream* out) {
  *out << "request " << crash.requests << (crash.carried_out ? " done" : " not done")
       << (crash.exists ? "" : ", new secret");
}

class VaultCrash : public VaultFencing, public testing::WithParamInterface<Crash> {};

// The successor dies at each request of its publish, before it is carried out or after.
TEST_P(VaultCrash, BetweenTwoRequestsLeavesNothingThatADeposedHolderMayWriteOver) {
  const Crash crash = GetParam();
  if (crash.exists) {
    ASSERT_TRUE(Publish(*old_, "first", Marker(1, 1)));
  }
  ASSERT_TRUE(Publish(*next_, "warm", Marker(1, 2), SinkAt("secret/warm")));  // logged in
  api_.CrashAfter(crash.requests, crash.carried_out);
  const bool published = Publish(*next_, "new", Marker(2, 2)).has_value();
  api_.CrashNever();
  const bool claimed = MarkerHeld("epoch") == "2";
  // From the claim on, whatever was written since.
  if (claimed) {
    ExpectFails(Publish(*old_, "stale", Marker(3, 1)), ErrorKind::kAborted, "newer_epoch");
  }
  // The value never came without its claim.
  if (Held() == "new") {
    EXPECT_TRUE(claimed);
  }
  // Whoever resumes, with nothing but the state, completes it.
  const auto resumed = Connect(ByRoot());
  ASSERT_TRUE(Publish(*resumed, "new", Marker(2, 2)));
  ExpectHeld("new", "2", "2");
  ExpectFails(Publish(*old_, "stale", Marker(3, 1)), ErrorKind::kAborted, "newer_epoch");
  EXPECT_LE(api_.kv().VersionOf("a"), crash.exists ? 2 : 1) << "written twice";
  if (!published) return;
  EXPECT_GT(crash.requests, 2);
}

std::vector<Crash> EveryCrash() {
  std::vector<Crash> crashes;
  for (int requests = 1; requests <= 6; ++requests) {
    for (const bool carried_out : {false, true}) {
      for (const bool exists : {false, true}) crashes.push_back({requests, carried_out, exists});
    }
  }
  return crashes;
}
INSTANTIATE_TEST_SUITE_P(Everywhere, VaultCrash, testing::ValuesIn(EveryCrash()));

}  // namespace
}  // namespace tokenwarden::vault
