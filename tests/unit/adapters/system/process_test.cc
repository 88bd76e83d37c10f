#include "agent/adapters/system/process.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tokenwarden::sys {
namespace {

// In a process of its own: the limits could not be raised again.
TEST(ProcessDeathTest, IsHardenedAgainstCoreFilesAndReaders) {
  const auto harden_and_check = [] {
    if (!HardenProcess()) ::_exit(1);
    rlimit core{1, 1};
    ::getrlimit(RLIMIT_CORE, &core);
    if (core.rlim_cur != 0 || core.rlim_max != 0) ::_exit(2);
    if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) ::_exit(3);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur != files.rlim_max) ::_exit(4);
    ::_exit(0);
  };
  EXPECT_EXIT(harden_and_check(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tokenwarden::sys
