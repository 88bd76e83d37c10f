// What a state file must be before it is used, and what is said when it is not.
#include <sqlite3.h>
#include <sys/wait.h>

#include "agent/adapters/sqlite/schema.h"
#include "tests/unit/adapters/sqlite/state_directory.h"

namespace tokenwarden::sqlite {
namespace {

using OpenStateStoreTest = StateDirectory;

void Sql(const std::string& path, const std::string& text) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

TEST_F(OpenStateStoreTest, MakesAFileForTheOwnerAlone) {
  Open();
  struct stat about {};
  ASSERT_EQ(stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

TEST_F(OpenStateStoreTest, LeavesNoFileThatOthersCanReadWhileOpen) {
  const auto store = Open();
  ASSERT_TRUE(Rotate(*store, 1, "value"));
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    struct stat about {};
    ASSERT_EQ(stat(entry.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 077, 0u) << entry.path();
  }
}

// A volume's own directory is often open to everybody; one in it is ours.
TEST_F(OpenStateStoreTest, MakesTheLastDirectoryForTheOwnerAlone) {
  const std::string volume = directory_;
  chmod(volume.c_str(), 0777);
  directory_ += "/state";
  EXPECT_TRUE(TryOpen());
  struct stat about {};
  ASSERT_EQ(stat(directory_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  EXPECT_TRUE(TryOpen());
  directory_ = volume;
}

TEST_F(OpenStateStoreTest, SaysHowToMakeMissingDirectories) {
  const std::string there = directory_;
  directory_ += "/none/of/them";
  const Error error = OpenError();
  EXPECT_EQ(error.reason, "no_directory");
  EXPECT_EQ(error.action, "run: mkdir -p -m 0700 " + directory_);
  directory_ = there;
}

TEST_F(OpenStateStoreTest, RefusesADirectoryWhereEverybodyMayWrite) {
  chmod(directory_.c_str(), 0777);
  EXPECT_EQ(OpenError().reason, "directory_open");
  chmod(directory_.c_str(), 01777);
  EXPECT_TRUE(TryOpen());
}

TEST_F(OpenStateStoreTest, RefusesAFileThatOthersMayRead) {
  Open();
  for (mode_t mode : {0640, 0604, 0660}) {
    chmod(path().c_str(), mode);
    const Error error = OpenError();
    EXPECT_EQ(error.reason, "state_readable");
    EXPECT_EQ(error.action, "run: chmod 0600 " + path());
  }
}

TEST_F(OpenStateStoreTest, RefusesAFileThatIsNotOursAndLeavesItAlone) {
  for (const std::string& content :
       {std::string("hello"), std::string(5000, 'x'),
        std::string("SQLite format 3\0", 16) + std::string(200, '\0')}) {
    Write(path(), content);
    EXPECT_EQ(OpenError().reason, "not_ours");
    EXPECT_EQ(Content(path()), content);
  }
  unlink(path().c_str());
  Sql(path(), "CREATE TABLE theirs (x)");
  chmod(path().c_str(), 0600);
  EXPECT_EQ(OpenError().reason, "not_ours");
}

TEST_F(OpenStateStoreTest, RefusesADirectoryAndALinkInPlaceOfTheFile) {
  mkdir(path().c_str(), 0700);
  EXPECT_EQ(OpenError().reason, "not_ours");
  rmdir(path().c_str());
  ASSERT_EQ(symlink("elsewhere", path().c_str()), 0);
  EXPECT_EQ(OpenError().reason, "not_ours");
}

TEST_F(OpenStateStoreTest, NeverTakesAnEmptyFileForAFreshState) {
  Write(path(), "");
  EXPECT_EQ(OpenError().reason, "empty_state");
}

TEST_F(OpenStateStoreTest, NeverStartsAfreshBesideALogThatMayHoldTheNewestValues) {
  Write(path() + "-wal", "frames");
  const Error error = OpenError();
  EXPECT_EQ(error.kind, ErrorKind::kDataLoss);
  EXPECT_EQ(error.reason, "lost_state");
  EXPECT_EQ(Content(path() + "-wal"), "frames");
}

TEST_F(OpenStateStoreTest, RefusesAnotherKeyAndKeepsEverything) {
  ASSERT_TRUE(Rotate(*Open(), 1, "value"));
  const std::string before = Content(path());
  std::unique_ptr<Sealer> other = crypto::MakeSealer(crypto::RandomKey());
  std::swap(sealer_, other);
  const Error error = OpenError();
  EXPECT_EQ(error.kind, ErrorKind::kFailedPrecondition);
  EXPECT_EQ(error.reason, "wrong_key");
  EXPECT_EQ(Content(path()), before);
  std::swap(sealer_, other);
  EXPECT_EQ(Open()->LoadValue("a", 1)->Reveal(), "value");
}

TEST_F(OpenStateStoreTest, RefusesANewerSchemaAndNamesBothVersions) {
  Open();
  Sql(path(), "PRAGMA user_version = 7");
  const Error error = OpenError();
  EXPECT_EQ(error.reason, "newer_schema");
  EXPECT_NE(error.message.find("schema version 7"), std::string::npos);
  EXPECT_NE(error.message.find("up to " + std::to_string(NewestSchema())), std::string::npos);
}

TEST_F(OpenStateStoreTest, BringsAStateOfTheFirstSchemaUpToDateWithEverythingInIt) {
  RotationId unfinished = 0;
  {
    const auto store = Open();
    ASSERT_TRUE(Rotate(*store, 1, "value-1"));
    Result<Rotation> begun = store->Begin("a", Origin::kSubmit, 1, 0, kNow, 100);
    unfinished = begun->id;
    ASSERT_TRUE(store->Advance(unfinished, Candidate("value-2"), kNow));
  }
  Sql(path(),
      "ALTER TABLE rotations DROP COLUMN steps;"
      "ALTER TABLE credentials DROP COLUMN reply_lost_at;"
      "PRAGMA user_version = 1");
  const auto store = Open();
  EXPECT_EQ(store->LoadValue("a", 1)->Reveal(), "value-1");
  EXPECT_EQ(store->LoadCandidate(unfinished)->Reveal(), "value-2");
  Result<Rotation> proven = store->Advance(unfinished, Step(RotationState::kProven), kNow);
  ASSERT_TRUE(proven) << proven.error().message;
  // What came before was not written down then.
  EXPECT_EQ(proven->steps, (std::vector<PassedStep>{{RotationState::kProven, kNow, ""}}));
}

TEST_F(OpenStateStoreTest, RefusesAStateInUseAndNamesTheHolder) {
  const auto store = Open();
  Error error = OpenError();
  EXPECT_EQ(error.reason, "in_use");
  EXPECT_NE(error.message.find("process " + std::to_string(getpid())), std::string::npos);
}

TEST_F(OpenStateStoreTest, CanBeUsedAgainAfterTheHolderWasKilled) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto store = Open();
    _exit(Rotate(*store, 1, "value") ? 0 : 1);  // without closing anything
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(path() + "-wal"));
  EXPECT_EQ(Open()->LoadValue("a", 1)->Reveal(), "value");
}

TEST_F(OpenStateStoreTest, GoesOnWhenAFirstStartWasInterrupted) {
  Write(path() + ".new", "half a state");
  EXPECT_TRUE(Open()->LoadStates()->empty());
}

TEST_F(OpenStateStoreTest, RefusesAFileThatWasCutOffUnlessNothingIsMissing) {
  {
    const auto store = Open();
    ASSERT_TRUE(Rotate(*store, 1, "value-1"));
    for (int i = 0; i < 20; ++i) {
      CredentialState state = StateOf(1);
      state.name = "filler-" + std::to_string(i);
      state.spec_digest = std::string(1500, 'x');
      ASSERT_TRUE(store->SaveState(state));
    }
  }
  const std::string whole = Content(path());
  // Every byte of the last page would be slow on a disk: a prime step covers every kind of place.
  for (std::size_t size = whole.size() - 4096; size < whole.size(); size += 61) {
    Write(path(), whole.substr(0, size));
    Result<std::unique_ptr<StateStore>> opened = TryOpen();
    if (opened) {
      // Nothing that mattered was cut: then everything must be there.
      EXPECT_EQ((*opened)->LoadValue("a", 1)->Reveal(), "value-1") << size;
      EXPECT_EQ((*opened)->LoadStates()->size(), 21u) << size;
    } else {
      EXPECT_EQ(opened.error().reason, "damaged") << size << opened.error().message;
    }
  }
  for (std::size_t pages = 1; pages * 4096 < whole.size(); ++pages) {
    Write(path(), whole.substr(0, pages * 4096));
    EXPECT_EQ(OpenError().reason, "damaged") << pages;
  }
}

TEST_F(OpenStateStoreTest, CanBeReadWithTheOrdinaryToolWhileItIsOpen) {
  const auto store = Open();
  CredentialState state = StateOf(0);
  state.conclusive = Observation{};
  state.conclusive->verdict = Verdict::kValid;
  state.conclusive->reason = Reason::kConfirmed;
  state.conclusive->facts.expires_at = kNow;
  ASSERT_TRUE(store->SaveState(state));
  std::string rows;
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
  const auto collect = [](void* to, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i) {
      *static_cast<std::string*>(to) += std::string(values[i] != nullptr ? values[i] : "-") + "|";
    }
    return 0;
  };
  sqlite3_exec(handle, "SELECT name, verdict, reason, expires_at FROM status", collect, &rows,
               nullptr);
  sqlite3_close(handle);
  EXPECT_EQ(rows, "a|valid|confirmed|2026-09-21 14:13:20|");
  EXPECT_TRUE(store->SaveState(state));
}

TEST_F(OpenStateStoreTest, KeepsNoValueInTheClear) {
  {
    const auto store = Open();
    ASSERT_TRUE(Rotate(*store, 1, "a-value-easily-found-1"));
    Result<Rotation> begun = store->Begin("a", Origin::kRefresh, 1, 0, kNow, 100);
    ASSERT_TRUE(store->Advance(begun->id, Step(RotationState::kRequested), kNow));
    RotationStep received = Step(RotationState::kReceived);
    received.reply = Secret("a-value-easily-found-2");
    ASSERT_TRUE(store->Advance(begun->id, std::move(received), kNow));
    // The fingerprint of these tests is the value itself: look for what comes before it.
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      const std::string content = Content(path() + suffix);
      std::size_t found = 0;
      for (std::size_t at = content.find("a-value-easily"); at != std::string::npos;
           at = content.find("a-value-easily", at + 1)) {
        if (at < 5 || content.substr(at - 5, 5) != "hmac:") ++found;
      }
      EXPECT_EQ(found, 0u) << suffix;
    }
  }
}

}  // namespace
}  // namespace tokenwarden::sqlite
