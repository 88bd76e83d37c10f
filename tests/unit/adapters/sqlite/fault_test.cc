// A disk that fails, at every operation of a rotation, and a disk that is full.
#include "tests/unit/adapters/sqlite/fault_vfs.h"
#include "tests/unit/adapters/sqlite/state_directory.h"

namespace tokenwarden::sqlite {
namespace {

class FaultyDisk : public StateDirectory {
 protected:
  FaultyDisk() {
    RegisterFaultVfs();
    TheFaults().Reset();
  }
  ~FaultyDisk() override { TheFaults().Reset(); }

  // As after a crash of the program: only what is on the disk counts.
  void ExpectNothingLost(Generation promoted, const std::string& where) {
    TheFaults().Reset();
    const auto store = Open(kFaultVfs);
    const Generation held = store->LoadStates()->front().generation;
    EXPECT_GE(held, promoted) << where;
    for (Generation number = 1; number <= held; ++number) {
      EXPECT_EQ(store->LoadValue("a", number)->Reveal(), "value-" + std::to_string(number))
          << where;
    }
  }
};

struct FaultKind {
  const char* title;
  int code;
  int times;
  bool only_syncs;
};
constexpr FaultKind kKinds[] = {
    {"write fails once", SQLITE_IOERR_WRITE, 1, false},
    {"everything fails from here", 0, 1'000'000, false},
    {"sync fails once", SQLITE_IOERR_FSYNC, 1, true},
    {"full once", SQLITE_FULL, 1, false},
    {"full from here", SQLITE_FULL, 1'000'000, false},
};

TEST_F(FaultyDisk, LosesNoPromotedValueAtAnyOperation) {
  ASSERT_TRUE(Rotate(*Open(kFaultVfs), 1, "value-1"));
  Generation promoted = 1;
  for (const FaultKind& kind : kKinds) {
    bool failed = true;
    for (int at = 1; failed; ++at) {
      const std::string where = std::string(kind.title) + " at operation " + std::to_string(at);
      auto store = Open(kFaultVfs);
      // Ends what an earlier round left behind.
      const auto unfinished = store->LoadUnfinished();
      for (const Rotation& rotation : *unfinished) {
        const bool current = rotation.state == RotationState::kCurrent;
        if (rotation.state == RotationState::kProven) {
          ASSERT_TRUE(store->Promote(rotation.id, StateOf(rotation.from_generation + 1), kNow));
        }
        const bool now_current = current || rotation.state == RotationState::kProven;
        ASSERT_TRUE(store->Advance(
            rotation.id, Step(now_current ? RotationState::kRetired : RotationState::kFailed),
            kNow));
      }
      promoted = store->LoadStates()->front().generation;
      TheFaults().Reset();
      TheFaults().fail_at = at;
      TheFaults().fail_times = kind.times;
      TheFaults().code = kind.code;
      TheFaults().only_syncs = kind.only_syncs;
      failed = !Rotate(*store, promoted + 1, "value-" + std::to_string(promoted + 1));
      if (!failed) ++promoted;
      store.reset();
      ExpectNothingLost(promoted, where);
      ASSERT_LT(at, 500) << "the rotation never succeeds";
    }
  }
}

TEST_F(FaultyDisk, IsNotWrittenToAgainAfterAFailedSync) {
  auto store = Open(kFaultVfs);
  ASSERT_TRUE(Rotate(*store, 1, "value-1"));
  TheFaults().Reset();
  TheFaults().fail_at = 1;
  TheFaults().only_syncs = true;
  TheFaults().code = SQLITE_IOERR_FSYNC;
  EXPECT_EQ(store->Audit({kNow, "a", "event", "sentence"}).error().reason, "io_error");
  // The next sync would succeed; it is not asked.
  const Status again = store->Audit({kNow, "a", "event", "sentence"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "failed");
  EXPECT_NE(again.error().action.find("restart"), std::string::npos);
  EXPECT_EQ(TheFaults().operations, 1);
  EXPECT_EQ(store->LoadValue("a", 1)->Reveal(), "value-1");
  store.reset();
  TheFaults().Reset();
  EXPECT_TRUE(Open(kFaultVfs)->Audit({kNow, "a", "event", "sentence"}));
}

TEST_F(FaultyDisk, ThatWasFullIsUsedAgainOnceThereIsSpace) {
  const auto store = Open(kFaultVfs);
  TheFaults().free_bytes = 0;
  Error last;
  for (int i = 0; i < 2000 && last.reason.empty(); ++i) {
    const Status written = store->Audit({kNow, "a", "event", std::string(1000, 'x')});
    if (!written) last = written.error();
  }
  EXPECT_EQ(last.reason, "disk_full");
  EXPECT_EQ(last.kind, ErrorKind::kResourceExhausted);
  TheFaults().free_bytes.reset();
  EXPECT_TRUE(store->Audit({kNow, "a", "event", "sentence"}));
}

// The promise of Begin: when it succeeded, the reply can be stored, however full the disk became.
TEST_F(FaultyDisk, ThatIsFullIsNoticedBeforeTheRequestAndNeverAfter) {
  constexpr std::size_t kReply = 64 * 1024;
  int stored = 0;
  int refused = 0;
  for (std::int64_t free = 0; free < 900'000; free += 50'000) {
    std::filesystem::remove_all(path());
    for (const char* suffix : {"-wal", "-shm", ".lock"}) unlink((path() + suffix).c_str());
    const auto store = Open(kFaultVfs);
    ASSERT_TRUE(Rotate(*store, 1, "value-1"));
    TheFaults().free_bytes = free;
    Result<Rotation> begun = store->Begin("a", Origin::kRefresh, 1, 0, kNow, kReply);
    const bool requested =
        begun && store->Advance(begun->id, Step(RotationState::kRequested), kNow).has_value();
    if (!requested) {
      const Error error =
          begun ? store->Advance(begun->id, Step(RotationState::kRequested), kNow).error()
                : begun.error();
      EXPECT_EQ(error.reason, "disk_full");
      ++refused;
      TheFaults().Reset();
      continue;
    }
    // Others fill the disk meanwhile.
    bool full = false;
    for (int i = 0; i < 3000 && !full; ++i) {
      full = !store->Audit({kNow, "other", "event", std::string(3000, 'x')}).has_value();
    }
    EXPECT_TRUE(full);
    RotationStep received = Step(RotationState::kReceived);
    received.reply = Secret(std::string(kReply, 'r'));
    Result<Rotation> done = store->Advance(begun->id, std::move(received), kNow);
    EXPECT_TRUE(done) << free << ": " << (done ? "" : done.error().message);
    EXPECT_EQ(store->LoadReply(begun->id)->size(), kReply);
    ++stored;
    TheFaults().Reset();
  }
  EXPECT_GT(stored, 3);
  EXPECT_GT(refused, 0);
}

TEST_F(FaultyDisk, GivesRoomBackWhenARotationEndsWithoutAReply) {
  const auto store = Open(kFaultVfs);
  ASSERT_TRUE(Rotate(*store, 1, "value-1"));
  TheFaults().free_bytes = 1'500'000;
  for (int i = 0; i < 50; ++i) {
    Result<Rotation> begun = store->Begin("a", Origin::kRefresh, 1, 0, kNow, 300'000);
    ASSERT_TRUE(begun) << i << begun.error().message;
    Result<Rotation> ended = store->Advance(begun->id, Step(RotationState::kFailed), kNow);
    ASSERT_TRUE(ended) << i << ended.error().message;
  }
}

}  // namespace
}  // namespace tokenwarden::sqlite
