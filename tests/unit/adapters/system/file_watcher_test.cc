#include "agent/adapters/system/file_watcher.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>

namespace tokenwarden::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kGenerous{30};

// Counts calls and lets a test wait for the next one.
class Calls {
 public:
  std::function<void()> Counter() {
    return [this] {
      const std::lock_guard<std::mutex> guard(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  // True when another call came since the last time.
  bool Next() {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool came = changed_.wait_for(lock, kGenerous, [this] { return count_ > taken_; });
    taken_ = count_;
    return came;
  }
  int count() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  int taken_ = 0;
};

class FileWatcherTest : public testing::Test {
 protected:
  FileWatcherTest() {
    std::string name = (fs::temp_directory_path() / "tokenwarden-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = fs::canonical(name);
  }
  ~FileWatcherTest() override {
    watcher_.Stop();
    fs::remove_all(directory_);
  }

  void Write(const std::string& name, const std::string& content) {
    std::ofstream(directory_ / name) << content;
  }
  void Replace(const std::string& name, const std::string& content) {
    Write(name + ".new", content);
    fs::rename(directory_ / (name + ".new"), directory_ / name);
  }

  fs::path directory_;
  Calls calls_;
  InotifyFileWatcher watcher_{"", {std::chrono::milliseconds(1)}};
};

TEST_F(FileWatcherTest, NoticesEveryWayAFileChanges) {
  const std::string path = directory_ / "token";
  ASSERT_TRUE(watcher_.Watch(path, calls_.Counter()));
  Write("token", "created");
  EXPECT_TRUE(calls_.Next());
  Write("token", "written anew");
  EXPECT_TRUE(calls_.Next());
  Replace("token", "replaced");
  EXPECT_TRUE(calls_.Next());
  Replace("token", "replaced once more");
  EXPECT_TRUE(calls_.Next());
  ::chmod(path.c_str(), 0400);
  EXPECT_TRUE(calls_.Next());
  fs::remove(path);
  EXPECT_TRUE(calls_.Next());
}

TEST_F(FileWatcherTest, SeesTheSwapOfALinkAsKubeletDoesIt) {
  fs::create_directory(directory_ / "..v1");
  Write("..v1/token", "one");
  fs::create_directory_symlink("..v1", directory_ / "..data");
  fs::create_symlink("..data/token", directory_ / "token");
  ASSERT_TRUE(watcher_.Watch(directory_ / "token", calls_.Counter()));
  for (const std::string version : {"..v2", "..v3"}) {
    fs::create_directory(directory_ / version);
    Write(version + "/token", version);
    fs::create_directory_symlink(version, directory_ / "..data_tmp");
    fs::rename(directory_ / "..data_tmp", directory_ / "..data");
    EXPECT_TRUE(calls_.Next()) << version;
  }
}

TEST_F(FileWatcherTest, SeesAChangeBehindALinkToAnotherDirectory) {
  fs::create_directory(directory_ / "here");
  fs::create_directory(directory_ / "there");
  Write("there/real", "one");
  fs::create_symlink(directory_ / "there/real", directory_ / "here/link");
  ASSERT_TRUE(watcher_.Watch(directory_ / "here/link", calls_.Counter()));
  Replace("there/real", "two");
  EXPECT_TRUE(calls_.Next());
}

TEST_F(FileWatcherTest, TellsOnlyThoseWhosePathChanged) {
  Write("token", "one");
  Write("other", "one");
  Calls others;
  ASSERT_TRUE(watcher_.Watch(directory_ / "other", others.Counter()));
  ASSERT_TRUE(watcher_.Watch(directory_ / "token", calls_.Counter()));
  Replace("token", "two");
  EXPECT_TRUE(calls_.Next());
  EXPECT_EQ(others.count(), 0);
}

TEST_F(FileWatcherTest, TellsEveryoneWhoWatchesAPath) {
  Calls others;
  ASSERT_TRUE(watcher_.Watch(directory_ / "token", others.Counter()));
  ASSERT_TRUE(watcher_.Watch(directory_ / "token", calls_.Counter()));
  Write("token", "one");
  EXPECT_TRUE(calls_.Next());
  EXPECT_TRUE(others.Next());
}

TEST_F(FileWatcherTest, ABurstIsOneChange) {
  InotifyFileWatcher patient(directory_, {std::chrono::milliseconds(300)});
  ASSERT_TRUE(patient.Watch("token", calls_.Counter()));
  for (int i = 0; i < 20; ++i) Replace("token", std::string(static_cast<std::size_t>(i), 'x'));
  EXPECT_TRUE(calls_.Next());
  patient.Stop();
  EXPECT_LT(calls_.count(), 10);  // more than one only if the burst was slower than the debounce
}

TEST_F(FileWatcherTest, SaysWhenTheDirectoryIsMissing) {
  const Status watched = watcher_.Watch(directory_ / "none/token", calls_.Counter());
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().reason, "no_such_directory");
  EXPECT_FALSE(watched.error().action.empty());
}

TEST_F(FileWatcherTest, CallsNobodyAfterItWasStopped) {
  ASSERT_TRUE(watcher_.Watch(directory_ / "token", calls_.Counter()));
  watcher_.Stop();
  Write("token", "one");
  EXPECT_EQ(watcher_.Watch(directory_ / "token", calls_.Counter()).error().reason, "stopping");
  EXPECT_EQ(calls_.count(), 0);
}

}  // namespace
}  // namespace tokenwarden::sys
