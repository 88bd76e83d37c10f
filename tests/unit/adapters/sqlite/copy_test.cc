// A state file that was cut off at any byte, or copied while it was in use: refused, or whole up to
// some commit; never an empty state.
#include <atomic>
#include <thread>

#include "tests/unit/adapters/sqlite/state_directory.h"

namespace tokenwarden::sqlite {
namespace {

// Every byte, unless a sanitizer makes each opening ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStep = 61;
#else
constexpr std::size_t kStep = 1;
#endif

class StateCopy : public StateDirectory {
 protected:
  // Thousands of states are opened: in memory, where there is such a place.
  StateCopy() {
    std::string in_memory = "/dev/shm/state.XXXXXX";
    if (mkdtemp(in_memory.data()) == nullptr) return;
    std::filesystem::remove_all(directory_);
    directory_ = in_memory;
  }
  // The generation that is current in the state, after everything in it was read; 0 when the state
  // was refused. A state that opens and knows nothing fails the test.
  Generation Opened(const std::string& what) {
    Result<std::unique_ptr<StateStore>> opened = TryOpen();
    if (!opened) {
      EXPECT_FALSE(opened.error().action.empty()) << what << ": " << opened.error().message;
      return 0;
    }
    const auto state = (*opened)->LoadState("a");
    EXPECT_TRUE(state && *state) << what << ": an empty state";
    if (!state || !*state) return 0;
    const Generation current = (*state)->generation;
    EXPECT_GE(current, 1u) << what;
    const auto value = (*opened)->LoadValue("a", current);
    if (!value) return 0;  // told when it is asked for
    EXPECT_EQ(value->Reveal(), "value-" + std::to_string(current)) << what;
    return current;
  }
};

TEST_F(StateCopy, IsRefusedOrWholeWhereverTheFileWasCut) {
  {
    const auto store = Open();
    for (Generation i = 1; i <= 3; ++i) {
      ASSERT_TRUE(Rotate(*store, i, "value-" + std::to_string(i)));
    }
  }
  const std::string whole = Content(path());
  for (std::size_t size = whole.size() - 4096; size < whole.size(); size += kStep) {
    Write(path(), whole.substr(0, size));
    const Generation current = Opened("cut at " + std::to_string(size));
    EXPECT_TRUE(current == 0 || current == 3) << size;
  }
}

TEST_F(StateCopy, LosesOnlyWhatWasNotWholeWhereverTheLogWasCut) {
  std::string file;
  std::string log;
  {
    const auto store = Open();
    for (Generation i = 1; i <= 2; ++i) {
      ASSERT_TRUE(Rotate(*store, i, "value-" + std::to_string(i)));
    }
    file = Content(path());
    log = Content(path() + "-wal");
  }
  constexpr std::size_t kFrame = 24 + 4096;
  const std::size_t used = log.find_last_not_of('\0') + 1;
  ASSERT_GT(used, 2 * kFrame);
  for (std::size_t size = used - kFrame; size <= used; size += kStep) {
    Write(path(), file);
    Write(path() + "-wal", log.substr(0, size));
    std::filesystem::remove(path() + "-shm");
    EXPECT_EQ(Opened("log cut at " + std::to_string(size)), 2u) << size;
  }
}

TEST_F(StateCopy, KnowsTheFirstValueEvenWithoutTheLog) {
  std::string file;
  {
    const auto store = Open();
    ASSERT_TRUE(Rotate(*store, 1, "value-1"));
    file = Content(path());
  }
  Write(path(), file);
  std::filesystem::remove(path() + "-wal");
  std::filesystem::remove(path() + "-shm");
  EXPECT_EQ(Opened("the file alone"), 1u);
}

TEST_F(StateCopy, IsWholeOrRefusedWhenItWasTakenWhileInUse) {
  auto store = Open();
  ASSERT_TRUE(Rotate(*store, 1, "value-1"));
  std::atomic<bool> ends{false};
  std::thread writer([&] {
    for (Generation i = 2; !ends && i < 2000; ++i) {
      if (!Rotate(*store, i, "value-" + std::to_string(i))) break;
    }
  });
  const std::string original = directory_;
  int whole = 0;
  for (int copy = 0; copy < 40; ++copy) {
    const std::string to = original + "/copy-" + std::to_string(copy);
    mkdir(to.c_str(), 0700);
    // As a careless backup would: one file after the other.
    for (const char* name : {"/state.db", "/state.db-wal"}) {
      Write(to + name, Content(original + name));
    }
    directory_ = to;
    whole += Opened("copy " + std::to_string(copy)) > 0 ? 1 : 0;
    directory_ = original;
  }
  ends = true;
  writer.join();
  EXPECT_GT(whole, 0);
}

}  // namespace
}  // namespace tokenwarden::sqlite
