#include "agent/adapters/kubernetes/run_program.h"

#include <gtest/gtest.h>

namespace tokenwarden::kubernetes {
namespace {

Program Shell(const std::string& script) {
  Program program;
  program.command = "sh";
  program.arguments = {"-c", script};
  return program;
}

TEST(RunProgram, GivesBackWhatWasWritten) {
  EXPECT_EQ(RunProgram(Shell("printf out; printf err >&2"))->Reveal(), "out");
}

TEST(RunProgram, KillsWhatDoesNotEndInTimeAndEverythingItStarted) {
  Program program = Shell("sleep 1000 & sleep 1000");
  program.timeout = std::chrono::milliseconds(100);
  const Result<Secret> output = RunProgram(program);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, ErrorKind::kDeadlineExceeded);
}

TEST(RunProgram, DoesNotWaitForWhatTheProgramLeftRunning) {
  EXPECT_EQ(RunProgram(Shell("sleep 1000 & printf out"))->Reveal(), "out");
}

TEST(RunProgram, WaitsForAProgramThatClosedItsOutput) {
  const Result<Secret> output = RunProgram(Shell("exec >&-; exit 7"));
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message.find("exit code 7"), std::string::npos);
}

TEST(RunProgram, ShowsNeitherOutputNorErrorInItsMessages) {
  const Result<Secret> output = RunProgram(Shell("echo planted; echo planted >&2; exit 1"));
  ASSERT_FALSE(output);
  EXPECT_EQ((output.error().message + output.error().action).find("planted"), std::string::npos);
}

}  // namespace
}  // namespace tokenwarden::kubernetes
