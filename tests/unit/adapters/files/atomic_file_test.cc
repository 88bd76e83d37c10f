#include "agent/adapters/files/atomic_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

#include "agent/adapters/files/dotenv_document.h"
#include "tests/unit/adapters/files/faulty_file_system.h"
#include "tests/unit/adapters/files/temp_directory.h"

namespace tokenwarden::files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kStale[] = ".tokenwarden-0123456789abcdef.tmp";

Edit ReplaceBy(const std::string& content) {
  return [content](const Secret*) -> Result<Secret> { return Secret(content); };
}

std::string Outcome(const Result<UpdateReport>& report) {
  if (!report) return report.error().reason;
  return report->written ? "written" : "unchanged";
}

class AtomicFile : public testing::Test {
 protected:
  Result<UpdateReport> Update(const std::string& name, const std::string& content,
                              FileSystem& files = RealFileSystem()) {
    return UpdateFile(files, directory_ / name, 0600, ReplaceBy(content));
  }

  TempDirectory directory_;
};

TEST_F(AtomicFile, ReplacesTheContentAndLeavesNothingElse) {
  directory_.Write("token", "old", 0640);
  EXPECT_EQ(Outcome(Update("token", "new")), "written");
  EXPECT_EQ(directory_.Read("token"), "new");
  EXPECT_EQ(directory_.ModeOf("token"), 0640u);
  EXPECT_THAT(directory_.Names(), ElementsAre("token"));
}

TEST_F(AtomicFile, GivesTheEditTheContentAndWritesOnlyWhatDiffers) {
  directory_.Write("token", "same");
  std::string seen;
  auto report = UpdateFile(RealFileSystem(), directory_ / "token", 0600,
                           [&](const Secret* current) -> Result<Secret> {
                             seen = current->Reveal();
                             return current->Clone();
                           });
  EXPECT_EQ(Outcome(report), "unchanged");
  EXPECT_EQ(seen, "same");
}

TEST_F(AtomicFile, CreatesAMissingFileWithTheGivenModeWhateverTheUmask) {
  const mode_t umask = ::umask(077);
  const auto report = UpdateFile(RealFileSystem(), directory_ / "token", 0640, ReplaceBy("new"));
  ::umask(umask);
  EXPECT_EQ(Outcome(report), "written");
  EXPECT_THAT(report->note, HasSubstr("created"));
  EXPECT_EQ(directory_.ModeOf("token"), 0640u);
}

TEST_F(AtomicFile, WritesNothingWhenTheEditRefuses) {
  directory_.Write("token", "old");
  auto report =
      UpdateFile(RealFileSystem(), directory_ / "token", 0600, [](const Secret*) -> Result<Secret> {
        return MakeError(ErrorKind::kInvalidArgument, "no", "no");
      });
  EXPECT_EQ(Outcome(report), "no");
  EXPECT_EQ(directory_.Read("token"), "old");
  EXPECT_THAT(directory_.Names(), ElementsAre("token"));
}

TEST_F(AtomicFile, FollowsALinkToItsTargetAndSaysSo) {
  std::filesystem::create_directory(directory_ / "shared");
  directory_.Write("shared/real", "old", 0640);
  std::filesystem::create_symlink("shared/real", directory_ / "link");
  const auto report = Update("link", "new");
  EXPECT_EQ(Outcome(report), "written");
  EXPECT_THAT(report->note, HasSubstr("followed the link to " + directory_ / "shared/real"));
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "link"));
  EXPECT_EQ(directory_.Read("shared/real"), "new");
  EXPECT_EQ(directory_.ModeOf("shared/real"), 0640u);
}

TEST_F(AtomicFile, SaysClearlyWhereItCannotWrite) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(directory_ / "directory");
  std::filesystem::create_symlink("nowhere", directory_ / "dangling");
  std::filesystem::create_symlink("loop", directory_ / "loop");
  directory_.Write("file", "x");
  directory_.Write("large", std::string(10 * 1024 * 1024, 'x'));
  const std::pair<const char*, const char*> cases[] = {
      {"pipe", "not_a_file"}, {"directory", "not_a_file"}, {"dangling", "dangling_link"},
      {"loop", "link_loop"},  {"none/x", "no_such_file"},  {"file/x", "no_such_file"},
      {"large", "too_large"}, {"none/", "not_a_file"},
  };
  for (const auto& [name, reason] : cases) {
    const auto report = Update(name, "new");
    EXPECT_EQ(Outcome(report), reason) << name;
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr(directory_.path())) << name;
    EXPECT_FALSE(report.error().action.empty()) << name;
  }
  EXPECT_EQ(Outcome(UpdateFile(RealFileSystem(), "/dev/null", 0600, ReplaceBy("x"))), "not_a_file");
}

TEST_F(AtomicFile, SaysThatHardLinksKeepTheOldContentAndThatOthersCanRead) {
  directory_.Write("token", "old", 0644);
  std::filesystem::create_hard_link(directory_ / "token", directory_ / "twin");
  const auto report = Update("token", "new");
  EXPECT_THAT(report->note, HasSubstr("hard links"));
  EXPECT_THAT(report->note, HasSubstr("every user"));
  EXPECT_EQ(directory_.Read("twin"), "old");
}

TEST_F(AtomicFile, RemovesWhatACrashedRunLeftAndNothingElse) {
  directory_.Write(kStale, "half");
  directory_.Write(".tokenwarden-0123456789abcdeg.tmp", "theirs");
  directory_.Write(".tokenwarden-.tmp", "theirs");
  directory_.Write("token", "old");
  EXPECT_EQ(Outcome(Update("token", "new")), "written");
  EXPECT_THAT(directory_.Names(),
              ElementsAre(".tokenwarden-.tmp", ".tokenwarden-0123456789abcdeg.tmp", "token"));
}

TEST_F(AtomicFile, NoticesThatSomebodyElseWroteAtTheSameTime) {
  struct Case {
    const char* title;
    std::function<void(const TempDirectory&)> interfere;
    const char* content;
  };
  const Case cases[] = {
      {"same size", [](const TempDirectory& d) { d.Write("token", "OLD"); }, "OLD"},
      {"replaced by the same content",
       [](const TempDirectory& d) {
         d.Write("other", "old");
         std::filesystem::rename(d / "other", d / "token");
       },
       "old"},
      {"removed", [](const TempDirectory& d) { std::filesystem::remove(d / "token"); },
       "(no file)"},
      {"mode", [](const TempDirectory& d) { ::chmod((d / "token").c_str(), 0644); }, "old"},
  };
  for (const Case& c : cases) {
    directory_.Write("token", "old");
    const auto report = UpdateFile(RealFileSystem(), directory_ / "token", 0600,
                                   [&](const Secret*) -> Result<Secret> {
                                     c.interfere(directory_);
                                     return Secret("new");
                                   });
    EXPECT_EQ(Outcome(report), "conflict") << c.title;
    EXPECT_EQ(directory_.Read("token"), c.content) << c.title;
  }
  const auto created = UpdateFile(RealFileSystem(), directory_ / "fresh", 0600,
                                  [&](const Secret*) -> Result<Secret> {
                                    directory_.Write("fresh", "theirs");
                                    return Secret("new");
                                  });
  EXPECT_EQ(Outcome(created), "conflict");
  EXPECT_EQ(directory_.Read("fresh"), "theirs");
}

TEST_F(AtomicFile, DoesNotWaitForAnotherProcessThatHoldsTheLock) {
  directory_.Write("token", "old");
  const int other = ::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_EQ(Outcome(Update("token", "new")), "conflict");
  ::close(other);
  EXPECT_EQ(Outcome(Update("token", "new")), "written");
}

TEST_F(AtomicFile, WritesWithoutLocksWhereThereAreNoneAndSaysSo) {
  directory_.Write("token", "old");
  directory_.Write(kStale, "perhaps alive");
  FaultyFileSystem files;
  files.number = EOPNOTSUPP;
  files.fails = [](const std::string& call, int) { return call == "lock"; };
  const auto report = Update("token", "new", files);
  EXPECT_EQ(Outcome(report), "written");
  EXPECT_THAT(report->note, HasSubstr("no locks"));
  EXPECT_EQ(directory_.Read(kStale), "perhaps alive");
}

TEST_F(AtomicFile, ConcurrentWritersOfOneFileLoseNoUpdate) {
  directory_.Write(".env", "");
  const auto set = [&](const std::string& key, const std::string& value) {
    return UpdateFile(RealFileSystem(), directory_ / ".env", 0600,
                      [&](const Secret* current) -> Result<Secret> {
                        auto document = DotenvDocument::Parse(current->Reveal(), ".env");
                        const Status done = document->Set(key, Secret(value));
                        if (!done) return tl::make_unexpected(done.error());
                        return Secret(document->bytes());
                      });
  };
  std::atomic<int> failures{0};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const std::string seen = directory_.Read(".env");
      if (!seen.empty() && seen.back() != '\n') ++failures;  // torn
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 25; ++i) {
        if (!set("KEY_" + std::to_string(w), std::string(300, static_cast<char>('a' + i))))
          ++failures;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  reader.join();
  EXPECT_EQ(failures, 0);
  const std::string text = directory_.Read(".env");
  for (int w = 0; w < 4; ++w) {
    EXPECT_THAT(text, HasSubstr("KEY_" + std::to_string(w) + "=" + std::string(300, 'y') + "\n"));
  }
}

// ---- order, owner, attributes ----

// Lets the target seem to belong to somebody else.
class ForeignOwner : public FaultyFileSystem {
 public:
  ino_t inode = 0;
  int owner_error = 0;
  uid_t given_owner = 0;

  int Stat(int fd, struct stat* status) override {
    const int result = FaultyFileSystem::Stat(fd, status);
    if (status->st_ino == inode) status->st_uid = 4242;
    return result;
  }
  int ChangeOwner(int, uid_t owner, gid_t) override {
    calls.push_back("chown");
    given_owner = owner;
    errno = owner_error;
    return owner_error == 0 ? 0 : -1;
  }
};

TEST_F(AtomicFile, SetsOwnerAndModeBeforeContentAndFlushesBeforeAndAfterTheRename) {
  directory_.Write("token", "old", 0644);
  struct stat status {};
  ASSERT_EQ(::stat((directory_ / "token").c_str(), &status), 0);
  ForeignOwner files;
  files.inode = status.st_ino;
  EXPECT_EQ(Outcome(Update("token", "new", files)), "written");
  EXPECT_EQ(files.given_owner, 4242u);
  std::vector<std::string> steps;
  const std::set<std::string> kSteps = {"create", "chown", "chmod", "write", "sync", "rename"};
  for (const auto& call : files.calls) {
    if (kSteps.count(call) != 0) steps.push_back(call);
  }
  EXPECT_THAT(steps, ElementsAre("create", "chown", "chmod", "write", "sync", "rename", "sync"));
}

TEST_F(AtomicFile, RefusesToGiveAFileToAnotherOwner) {
  directory_.Write("token", "old");
  struct stat status {};
  ASSERT_EQ(::stat((directory_ / "token").c_str(), &status), 0);
  ForeignOwner files;
  files.inode = status.st_ino;
  files.owner_error = EPERM;
  const auto report = Update("token", "new", files);
  EXPECT_EQ(Outcome(report), "owner_not_kept");
  EXPECT_THAT(report.error().message, HasSubstr("4242:"));
  EXPECT_EQ(directory_.Read("token"), "old");
  EXPECT_THAT(directory_.Names(), ElementsAre("token"));
}

// Attributes as a file system without support for them would never show: kept in this object.
class WithAttribute : public FaultyFileSystem {
 public:
  std::string name;
  std::string given;
  int error = 0;

  ssize_t ListAttributes(int, char* names, std::size_t) override {
    std::memcpy(names, name.c_str(), name.size() + 1);
    return static_cast<ssize_t>(name.size() + 1);
  }
  ssize_t GetAttribute(int, const char*, char* value, std::size_t) override {
    std::memcpy(value, "rights", 6);
    return 6;
  }
  int SetAttribute(int, const char*, const char* value, std::size_t size) override {
    given.assign(value, size);
    errno = error;
    return error == 0 ? 0 : -1;
  }
};

TEST_F(AtomicFile, KeepsTheAttributesThatDecideWhoMayRead) {
  for (const char* name : {"system.posix_acl_access", "security.selinux", "user.note"}) {
    directory_.Write("token", "old");
    WithAttribute files;
    files.name = name;
    EXPECT_EQ(Outcome(Update("token", "new", files)), "written");
    EXPECT_EQ(files.given, "rights") << name;
  }
  WithAttribute files;
  files.name = "security.ima";
  EXPECT_EQ(Outcome(Update("token", "newer", files)), "written");
  EXPECT_EQ(files.given, "");
}

TEST_F(AtomicFile, RefusesToLoseAnAclButOnlyMentionsOtherAttributes) {
  directory_.Write("token", "old");
  WithAttribute files;
  files.error = EPERM;
  files.name = "system.posix_acl_access";
  EXPECT_EQ(Outcome(Update("token", "new", files)), "acl_not_kept");
  EXPECT_EQ(directory_.Read("token"), "old");
  files.name = "security.selinux";
  const auto report = Update("token", "new", files);
  EXPECT_EQ(Outcome(report), "written");
  EXPECT_THAT(report->note, HasSubstr("security.selinux was lost"));
}

// ---- faults ----

TEST_F(AtomicFile, AFileThatIsAMountPointIsExplained) {
  directory_.Write("token", "old");
  FaultyFileSystem files;
  files.number = EBUSY;
  files.fails = [](const std::string& call, int) { return call == "rename"; };
  const auto report = Update("token", "new", files);
  EXPECT_EQ(Outcome(report), "mount_point");
  EXPECT_THAT(report.error().action, HasSubstr("directory"));
}

TEST_F(AtomicFile, AFailedFlushIsNeverTakenForASuccess) {
  directory_.Write("token", "old");
  FaultyFileSystem files;
  files.fails = [&](const std::string& call, int) {
    return call == "sync" && files.CountOf("sync") == 1;
  };
  EXPECT_EQ(Outcome(Update("token", "new", files)), "fsync_failed");
  EXPECT_EQ(files.CountOf("sync"), 1);
  EXPECT_EQ(directory_.Read("token"), "old");
  EXPECT_EQ(Outcome(Update("token", "new", files)), "written");
  EXPECT_EQ(files.CountOf("create"), 2);
}

TEST_F(AtomicFile, AfterAFailedFlushOfTheDirectoryTheRightContentIsWrittenAgain) {
  directory_.Write("token", "old");
  FaultyFileSystem files;
  files.fails = [&](const std::string& call, int) {
    return call == "sync" && files.CountOf("sync") == 2;
  };
  EXPECT_EQ(Outcome(Update("token", "new", files)), "directory_fsync_failed");
  EXPECT_EQ(directory_.Read("token"), "new");
  EXPECT_EQ(Outcome(Update("token", "new", files)), "written");
  EXPECT_EQ(Outcome(Update("token", "new", files)), "unchanged");
}

TEST_F(AtomicFile, ContentThatIsRightAlreadyIsFlushedBeforeItCounts) {
  directory_.Write("token", "same");
  FaultyFileSystem files;
  EXPECT_EQ(Outcome(Update("token", "same", files)), "unchanged");
  EXPECT_EQ(files.CountOf("sync"), 2);
  FaultyFileSystem failing;
  failing.fails = [](const std::string& call, int) { return call == "sync"; };
  EXPECT_EQ(Outcome(Update("token", "same", failing)), "fsync_failed");
}

struct Fault {
  const char* title;
  int number;
  bool dead;
};
constexpr Fault kFaults[] = {
    {"ENOSPC", ENOSPC, false}, {"EIO", EIO, false},
    {"EROFS", EROFS, false},   {"EACCES", EACCES, false},
    {"EINTR", EINTR, false},   {"short write", FaultyFileSystem::kShort, false},
    {"EXDEV", EXDEV, false},   {"ENOENT", ENOENT, false},
    {"killed", EIO, true},
};

// Fails every call in turn; returns how many points there were.
class AtomicFileFaults : public AtomicFile, public testing::WithParamInterface<Fault> {
 protected:
  // `old`: nullptr = no file yet.
  int FailEveryCall(const char* old) {
    int points = 0;
    for (;; ++points) {
      std::filesystem::remove(directory_ / "token");
      if (old != nullptr) directory_.Write("token", old, 0640);
      FaultyFileSystem files;
      files.fail_at = points + 1;
      files.number = GetParam().number;
      files.dead = GetParam().dead;
      const auto report = Update("token", kNew, files);
      if (!files.triggered()) break;
      SCOPED_TRACE("call " + std::to_string(points + 1) + " " +
                   files.calls[static_cast<std::size_t>(points)]);
      CheckInvariants(old == nullptr ? "(no file)" : old, report, files);
      CheckRecovery(old != nullptr);
    }
    return points;
  }

  void CheckInvariants(const std::string& old, const Result<UpdateReport>& report,
                       const FaultyFileSystem& files) {
    const std::string content = directory_.Read("token");
    EXPECT_EQ(files.open_files, 0);
    if (report) {
      EXPECT_EQ(content, kNew);
    } else if (report.error().reason == "directory_fsync_failed") {
      EXPECT_EQ(content, kNew);
    } else {
      EXPECT_EQ(content, old);
    }
    if (!GetParam().dead) {
      for (const auto& name : directory_.Names()) EXPECT_EQ(name, "token");
    }
    const bool harmless =
        GetParam().number == EINTR || GetParam().number == FaultyFileSystem::kShort;
    EXPECT_TRUE(report || !harmless) << (report ? "" : report.error().message);
    EXPECT_TRUE(report || !report.error().reason.empty());
  }

  void CheckRecovery(bool existed) {
    const auto again = Update("token", kNew);
    EXPECT_TRUE(again) << again.error().message;
    EXPECT_EQ(directory_.Read("token"), kNew);
    EXPECT_EQ(directory_.ModeOf("token"), existed ? 0640u : 0600u);
    EXPECT_THAT(directory_.Names(), ElementsAre("token"));
  }

  const std::string kNew = std::string(5000, 'n');
};

TEST_P(AtomicFileFaults, ReplacingAFileIsAllOrNothingWhicheverCallFails) {
  const int points = FailEveryCall("old content");
  EXPECT_GE(points, 25);
  RecordProperty("points", points);
}

TEST_P(AtomicFileFaults, CreatingAFileIsAllOrNothingWhicheverCallFails) {
  const int points = FailEveryCall(nullptr);
  EXPECT_GE(points, 15);
  RecordProperty("points", points);
}

INSTANTIATE_TEST_SUITE_P(Every, AtomicFileFaults, testing::ValuesIn(kFaults),
                         [](const testing::TestParamInfo<Fault>& fault) {
                           std::string name = fault.param.title;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

}  // namespace
}  // namespace tokenwarden::files
