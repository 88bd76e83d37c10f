// A reply that the database would not take outlives the process all the same.
#include "tests/unit/adapters/sqlite/fault_vfs.h"
#include "tests/unit/adapters/sqlite/state_directory.h"

namespace tokenwarden::sqlite {
namespace {

class KeptReplyTest : public StateDirectory {
 protected:
  KeptReplyTest() {
    RegisterFaultVfs();
    TheFaults().Reset();
  }
  ~KeptReplyTest() override { TheFaults().Reset(); }

  RotationId Ask(StateStore& store) {
    EXPECT_TRUE(Rotate(store, 1, "value-1"));
    Result<Rotation> begun = store.Begin("a", Origin::kRefresh, 1, 0, kNow, 1000);
    EXPECT_TRUE(begun);
    EXPECT_TRUE(store.Advance(begun->id, Step(RotationState::kRequested), kNow));
    return begun->id;
  }
  static RotationStep Received() {
    RotationStep step = Step(RotationState::kReceived);
    step.reply = Secret("the only new value");
    return step;
  }
  void BreakTheNextSync() {
    TheFaults().Reset();
    TheFaults().fail_at = 1;
    TheFaults().only_syncs = true;
    TheFaults().code = SQLITE_IOERR_FSYNC;
  }
  std::string KeptFile(RotationId id) const { return path() + ".reply-" + std::to_string(id); }
};

TEST_F(KeptReplyTest, IsTakenUpByTheNextStart) {
  auto store = Open(kFaultVfs);
  const RotationId id = Ask(*store);
  BreakTheNextSync();
  for (int tries = 0; tries < 3; ++tries) {
    EXPECT_FALSE(store->Advance(id, Received(), kNow));
  }
  ASSERT_TRUE(std::filesystem::exists(KeptFile(id)));
  EXPECT_EQ(Content(KeptFile(id)).find("new value"), std::string::npos) << "sealed";
  EXPECT_EQ(std::filesystem::status(KeptFile(id)).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  store.reset();
  TheFaults().Reset();
  store = Open(kFaultVfs);
  EXPECT_EQ((*store->LoadLatestRotation("a"))->state, RotationState::kReceived);
  EXPECT_EQ(store->LoadReply(id)->Reveal(), "the only new value");
  EXPECT_FALSE(std::filesystem::exists(KeptFile(id)));
}

TEST_F(KeptReplyTest, IsSaidWhereItIs) {
  auto store = Open(kFaultVfs);
  const RotationId id = Ask(*store);
  BreakTheNextSync();
  const Result<Rotation> failed = store->Advance(id, Received(), kNow);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find(KeptFile(id)), std::string::npos) << failed.error().message;
}

TEST_F(KeptReplyTest, GoesWhenTheDatabaseTakesTheReplyAfterAll) {
  auto store = Open(kFaultVfs);
  const RotationId id = Ask(*store);
  TheFaults().Reset();
  TheFaults().fail_at = 1;
  TheFaults().code = SQLITE_FULL;
  EXPECT_FALSE(store->Advance(id, Received(), kNow));
  TheFaults().Reset();
  EXPECT_TRUE(store->Advance(id, Received(), kNow));
  EXPECT_FALSE(std::filesystem::exists(KeptFile(id)));
}

TEST_F(KeptReplyTest, IsNotThrownAwayWhenItCannotBeOpened) {
  RotationId id = 0;
  {
    auto store = Open();
    id = Ask(*store);
  }
  Write(KeptFile(id), "not sealed by us");
  EXPECT_EQ(OpenError().reason, "damaged");
  EXPECT_TRUE(std::filesystem::exists(KeptFile(id)));
}

TEST_F(KeptReplyTest, OfARotationThatWentOnIsNotTakenTwice) {
  RotationId id = 0;
  {
    auto store = Open();
    id = Ask(*store);
    ASSERT_TRUE(store->Advance(id, Received(), kNow));
  }
  Write(KeptFile(id), "an older copy");
  EXPECT_EQ((*Open()->LoadLatestRotation("a"))->state, RotationState::kReceived);
  EXPECT_FALSE(std::filesystem::exists(KeptFile(id)));
}

}  // namespace
}  // namespace tokenwarden::sqlite
