// A disk that keeps nothing is refused, unless somebody says why it will do.
#include <sys/statfs.h>

#include "agent/adapters/sqlite/state_file.h"
#include "tests/unit/adapters/sqlite/state_directory.h"

namespace tokenwarden::sqlite {
namespace {

TEST(Lifetime, KnowsTheFileSystemsThatKeepNothing) {
  EXPECT_STREQ(EphemeralFileSystem(0x01021994), "tmpfs");
  EXPECT_STREQ(EphemeralFileSystem(0x858458f6), "ramfs");
  EXPECT_STREQ(EphemeralFileSystem(0x794c7630), "overlay");
  for (const std::uint64_t lasting : {0xEF53ULL, 0x58465342ULL, 0x9123683EULL, 0x6969ULL, 0ULL}) {
    EXPECT_EQ(EphemeralFileSystem(lasting), nullptr) << lasting;
  }
}

// /dev/shm is in memory on every Linux.
class InMemory : public StateDirectory {
 protected:
  InMemory() {
    std::filesystem::remove(directory_);
    directory_ = "/dev/shm/state.XXXXXX";
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
  }
};

TEST_F(InMemory, IsRefusedWithWhatToDoAndNothingIsMade) {
  struct statfs about {};
  ASSERT_EQ(statfs("/dev/shm", &about), 0);
  ASSERT_NE(EphemeralFileSystem(static_cast<std::uint32_t>(about.f_type)), nullptr)
      << "this test needs a file system in memory at /dev/shm";
  const auto refused = OpenStateStore(path(), *sealer_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kFailedPrecondition);
  EXPECT_EQ(refused.error().reason, "ephemeral_state");
  EXPECT_NE(refused.error().message.find(directory_), std::string::npos);
  EXPECT_NE(refused.error().action.find("allow_ephemeral_state"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(InMemory, WillDoWhenSomebodySaysWhy) {
  const auto opened =
      OpenStateStore(path(), *sealer_, {kDay * 30, "", "every token is generated anew"});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(Rotate(**opened, 1, "value"));
}

}  // namespace
}  // namespace tokenwarden::sqlite
