// A state sealed under another key: everything at once, or nothing.
#include "agent/adapters/sqlite/rekey.h"

#include <sqlite3.h>
#include <sys/wait.h>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/sqlite/kept_reply.h"
#include "tests/unit/adapters/sqlite/fault_vfs.h"
#include "tests/unit/adapters/sqlite/state_directory.h"

namespace tokenwarden::sqlite {
namespace {

class RekeyTest : public StateDirectory {
 protected:
  RekeyTest() {
    RegisterFaultVfs();
    TheFaults().Reset();
    Fill();
  }
  ~RekeyTest() override { TheFaults().Reset(); }

  // Everything that can be sealed: values, a reply, candidates at rest and refused.
  void Fill() {
    const auto store = Open();
    ASSERT_TRUE(Rotate(*store, 1, "value-1"));
    ASSERT_TRUE(Rotate(*store, 2, "value-2"));
    Result<Rotation> refused = store->Begin("a", Origin::kSubmit, 2, 0, kNow, 100);
    ASSERT_TRUE(store->Advance(refused->id, Candidate("worse"), kNow));
    ASSERT_TRUE(store->Advance(refused->id, Step(RotationState::kRefused), kNow));
    refused_ = refused->id;
    Result<Rotation> begun = store->Begin("a", Origin::kRefresh, 2, 0, kNow, 100);
    ASSERT_TRUE(store->Advance(begun->id, Step(RotationState::kRequested), kNow));
    RotationStep received = Step(RotationState::kReceived);
    received.reply = Secret("the raw reply");
    ASSERT_TRUE(store->Advance(begun->id, std::move(received), kNow));
    ASSERT_TRUE(store->Advance(begun->id, Candidate("value-3"), kNow));
    unfinished_ = begun->id;
  }
  void ExpectEverything(StateStore& store, const std::string& where = "") {
    EXPECT_EQ(store.LoadValue("a", 1)->Reveal(), "value-1") << where;
    EXPECT_EQ(store.LoadValue("a", 2)->Reveal(), "value-2") << where;
    EXPECT_EQ(store.LoadReply(unfinished_)->Reveal(), "the raw reply") << where;
    EXPECT_EQ(store.LoadCandidate(unfinished_)->Reveal(), "value-3") << where;
    EXPECT_EQ(store.LoadCandidate(refused_)->Reveal(), "worse") << where;
  }
  Result<RekeyReport> Change(const std::string& vfs = "") {
    Options options;
    options.vfs = vfs;
    return Rekey(path(), *sealer_, *fresh_, fingerprint_key_, options);
  }
  Result<std::unique_ptr<StateStore>> OpenWith(Sealer& sealer) {
    return OpenStateStore(path(), sealer, {kDay * 30, "", "a test"});
  }

  std::unique_ptr<Sealer> fresh_ = crypto::MakeSealer(crypto::RandomKey());
  Secret fingerprint_key_{"what fingerprints are keyed with"};
  RotationId unfinished_ = 0;
  RotationId refused_ = 0;
};

TEST_F(RekeyTest, SealsEverythingAnewAndTheOldKeyOpensNothing) {
  const Result<RekeyReport> report = Change();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->was_done);
  EXPECT_EQ(report->resealed, 5u);
  EXPECT_TRUE(report->damaged.empty());
  EXPECT_EQ(OpenError().reason, "wrong_key");
  const auto store = OpenWith(*fresh_);
  ASSERT_TRUE(store) << store.error().message;
  ExpectEverything(**store);
  // And it goes on.
  ASSERT_TRUE((*store)->Advance(unfinished_, Step(RotationState::kProven), kNow));
  ASSERT_TRUE((*store)->Promote(unfinished_, StateOf(3), kNow));
  EXPECT_EQ((*store)->LoadValue("a", 3)->Reveal(), "value-3");
}

// It would not open under the new key, and nothing else may hold that value.
TEST_F(RekeyTest, WaitsUntilAReplyThatLiesBesideTheStateWasTakenUp) {
  const std::string sealed = *sealer_->Seal(Secret("a reply"), "reply");
  const Result<std::string> file = KeepReply(path(), unfinished_, sealed);
  ASSERT_TRUE(file) << file.error().message;
  const Result<RekeyReport> report = Change();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().reason, "kept_reply");
  EXPECT_NE(report.error().message.find(*file), std::string::npos);
  ForgetKeptReply(*file);
  EXPECT_TRUE(Change());
}

TEST_F(RekeyTest, KeepsWhatFingerprintsAreKeyedWithThroughEveryChange) {
  ASSERT_TRUE(Change());
  {
    const auto store = OpenWith(*fresh_);
    Result<std::optional<Secret>> key = (*store)->LoadFingerprintKey();
    ASSERT_TRUE(key && key->has_value());
    EXPECT_TRUE((*key)->EqualsInConstantTime(fingerprint_key_));
  }
  const auto third = crypto::MakeSealer(crypto::RandomKey());
  ASSERT_TRUE(Rekey(path(), *fresh_, *third, Secret("of the second key: not asked for")));
  const auto store = OpenWith(*third);
  EXPECT_TRUE((*(*store)->LoadFingerprintKey())->EqualsInConstantTime(fingerprint_key_));
}

TEST_F(RekeyTest, IsDoneAlreadyTheSecondTime) {
  ASSERT_TRUE(Change());
  const std::string before = Content(path());
  const Result<RekeyReport> again = Change();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->was_done);
  EXPECT_EQ(again->resealed, 0u);
  EXPECT_EQ(Content(path()), before);
}

TEST_F(RekeyTest, LeavesNothingThatTheOldKeyOpensOnTheDisk) {
  // The key's identity stands at the front of every blob.
  const std::string mark = sealer_->Seal(Secret("x"), "y")->substr(0, 9);
  {
    const auto store = Open();  // a log that is in use
    ASSERT_TRUE(store->SaveState(StateOf(2)));
  }
  ASSERT_NE(Content(path()).find(mark), std::string::npos);
  ASSERT_TRUE(Change());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    EXPECT_EQ(Content(path() + suffix).find(mark), std::string::npos) << suffix;
  }
}

TEST_F(RekeyTest, RefusesAKeyThatIsNotTheStatesAndAStateInUse) {
  const auto stranger = crypto::MakeSealer(crypto::RandomKey());
  EXPECT_EQ(Rekey(path(), *stranger, *fresh_, fingerprint_key_).error().reason, "wrong_key");
  {
    const auto held = Open();
    EXPECT_EQ(Change().error().reason, "in_use");
  }
  ExpectEverything(*Open());
}

TEST_F(RekeyTest, SaysThatThereIsNoStateAndMakesNone) {
  std::filesystem::remove(path());
  EXPECT_EQ(Change().error().reason, "no_state");
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(RekeyTest, NamesWhatWasDamagedBeforeAndChangesTheRest) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
  sqlite3_exec(handle, "UPDATE generations SET sealed = zeroblob(60) WHERE generation = 1", nullptr,
               nullptr, nullptr);
  sqlite3_close(handle);
  const Result<RekeyReport> report = Change();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->damaged, (std::vector<std::string>{"generation/1/a"}));
  const auto store = OpenWith(*fresh_);
  EXPECT_EQ((*store)->LoadValue("a", 1).error().kind, ErrorKind::kDataLoss);
  EXPECT_EQ((*store)->LoadValue("a", 2)->Reveal(), "value-2");
}

// Exhaustive: at every write, sync, truncation and growth.
TEST_F(RekeyTest, LeavesAWholeStateUnderOneOfBothKeysWhereverItIsKilled) {
  const std::string whole = Content(path());
  int points = 0;
  for (bool killed = true; killed;) {
    ++points;
    Write(path(), whole);
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path() + suffix);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      TheFaults().Reset();
      TheFaults().die_at = points;
      _exit(Change(kFaultVfs) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    killed = WIFSIGNALED(status) != 0;
    if (!killed) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
    }
    const std::string where = "killed before operation " + std::to_string(points);
    const auto by_old = OpenWith(*sealer_);
    if (by_old) {
      EXPECT_TRUE(killed) << where;
      ExpectEverything(**by_old, where);
      continue;
    }
    EXPECT_EQ(by_old.error().reason, "wrong_key") << where;
    const auto by_fresh = OpenWith(*fresh_);
    ASSERT_TRUE(by_fresh) << where << ": " << by_fresh.error().message;
    ExpectEverything(**by_fresh, where);
  }
  EXPECT_GT(points, 10) << "a change takes that many operations at least";
}

// The same for a disk that fails instead of a process that dies.
TEST_F(RekeyTest, LosesNothingWhereverTheDiskFails) {
  const std::string whole = Content(path());
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_FULL}) {
    for (int at = 1;; ++at) {
      Write(path(), whole);
      for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path() + suffix);
      TheFaults().Reset();
      TheFaults().fail_at = at;
      TheFaults().fail_times = 1'000'000;
      TheFaults().code = code;
      const Result<RekeyReport> report = Change(kFaultVfs);
      const bool reached = TheFaults().operations >= at;
      TheFaults().Reset();
      const auto by_old = OpenWith(*sealer_);
      const auto by_fresh =
          by_old ? Result<std::unique_ptr<StateStore>>(tl::unexpected<Error>(Error{}))
                 : OpenWith(*fresh_);
      ASSERT_TRUE(by_old || by_fresh) << at;
      ExpectEverything(by_old ? **by_old : **by_fresh,
                       "failed from operation " + std::to_string(at));
      if (report) {
        EXPECT_TRUE(by_fresh) << at;
      }
      if (!reached) break;
    }
  }
}

TEST_F(RekeyTest, LetsTheFingerprintKeyBeReadBesideARunningAgent) {
  EXPECT_FALSE(PeekFingerprintKey(path(), *sealer_).has_value());
  ASSERT_TRUE(Change());
  const auto running = OpenWith(*fresh_);
  ASSERT_TRUE(running);
  // In a process of its own, as the command line is: locks are lost when any descriptor is closed.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::optional<Secret> key = PeekFingerprintKey(path(), *fresh_);
    _exit(key && key->EqualsInConstantTime(fingerprint_key_) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(PeekFingerprintKey(directory_ + "/none.db", *fresh_).has_value());
}

}  // namespace
}  // namespace tokenwarden::sqlite
