#include "agent/adapters/system/program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tokenwarden::sys {
namespace {

Result<Secret> Execute(std::vector<std::string> command,
                       std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
  Program program;
  program.command = std::move(command);
  program.timeout = timeout;
  return RunProgram(program);
}

TEST(Program, GivesWhatItPrints) {
  const Result<Secret> printed = Execute({"/bin/sh", "-c", "printf 'a\\nb'"});
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->Reveal(), "a\nb");
}

TEST(Program, IsStartedWithoutAShell) {
  const Result<Secret> printed = Execute({"echo", "$HOME; echo x"});
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->Reveal(), "$HOME; echo x\n");
}

TEST(Program, IsWaitedForOnlySoLongAndKilledWithWhatItStarted) {
  const std::string directory = testing::TempDir();
  const std::string pid_file = directory + "program_test_child";
  const auto start = std::chrono::steady_clock::now();
  const Result<Secret> late =
      Execute({"/bin/sh", "-c", "sleep 600 & echo $! > " + pid_file + "; wait"},
              std::chrono::milliseconds(500));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, "timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  pid_t child = 0;
  std::ifstream(pid_file) >> child;
  ASSERT_GT(child, 0);
  // A zombie of an orphan is reaped by init; until then it takes no signal that matters.
  const auto is_gone = [&] {
    std::ifstream state("/proc/" + std::to_string(child) + "/stat");
    std::string word;
    state >> word >> word >> word;
    return word.empty() || word == "Z" || word == "X";
  };
  for (int tries = 0; tries < 600 && !is_gone(); ++tries) usleep(50000);
  EXPECT_TRUE(is_gone()) << "the child goes on";
  std::filesystem::remove(pid_file);
}

TEST(Program, IsNotWaitedForBecauseOfAChildThatHoldsItsOutput) {
  const Result<Secret> printed = Execute({"/bin/sh", "-c", "sleep 600 & echo done"});
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->Reveal(), "done\n");
}

TEST(Program, SaysHowItEndedAndNothingOfWhatItSaid) {
  const Result<Secret> failed = Execute({"/bin/sh", "-c", "echo out; echo complaint >&2; exit 3"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().reason, "program_failed");
  EXPECT_NE(failed.error().message.find("exit code 3"), std::string::npos);
  EXPECT_EQ(failed.error().message.find("complaint"), std::string::npos);
  const Result<Secret> killed = Execute({"/bin/sh", "-c", "kill -9 $$"});
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().message.find("signal 9"), std::string::npos);
}

TEST(Program, IsRefusedWhenItWritesWithoutEnd) {
  const Result<Secret> much = Execute({"/bin/sh", "-c", "while :; do echo aaaaaaaaaaaaaaaa; done"});
  ASSERT_FALSE(much);
  EXPECT_NE(much.error().message.find("more than expected"), std::string::npos);
}

TEST(Program, IsNamedWhenItDoesNotExist) {
  const Result<Secret> none = Execute({"no-such-program-anywhere"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, "no_such_program");
  EXPECT_NE(none.error().message.find("no-such-program-anywhere"), std::string::npos);
  EXPECT_EQ(Execute({}).error().reason, "no_command");
}

TEST(Program, InheritsNoFileOfOurs) {
  const Result<Secret> open = Execute({"/bin/sh", "-c", "ls /proc/self/fd | wc -l"});
  ASSERT_TRUE(open) << open.error().message;
  EXPECT_LE(std::atoi(std::string(open->Reveal()).c_str()), 4);
}

}  // namespace
}  // namespace tokenwarden::sys
