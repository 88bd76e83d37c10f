// What starts as a part of a test ends with it, however the test ends.
#include "tests/servers/fixture/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/integration/stage.h"

namespace tokenwarden::it {
namespace {

// A server that has a child of its own and says which process that is.
Server::Options WithAChild(const TemporaryDirectory& room) {
  return {"parent", {"/bin/sh", "-c", "sleep 600 & echo $!; wait"}, {}, room.path()};
}

pid_t AwaitChild(Server& server) {
  server.Await([&] { return server.Log().find('\n') != std::string::npos; });
  return std::stoi(server.Log());
}

// This process adopts what its children leave behind, and can wait for it.
bool EndsWithinSeconds(pid_t pid) {
  return Eventually([&] { return waitpid(pid, nullptr, WNOHANG) == pid; },
                    std::chrono::seconds(10));
}

TEST(Server, EndsWithItsOwnChildrenWhenTheTestIsKilled) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  TemporaryDirectory room;
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t test = fork();
  if (test == 0) {
    Server server(WithAChild(room));
    const pid_t pids[] = {server.pid(), AwaitChild(server)};
    if (write(told[1], pids, sizeof pids) != sizeof pids) _exit(1);
    raise(SIGKILL);
  }
  pid_t pids[2] = {0, 0};
  ASSERT_EQ(read(told[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  ASSERT_EQ(waitpid(test, nullptr, 0), test);
  EXPECT_TRUE(EndsWithinSeconds(pids[0]));
  EXPECT_TRUE(EndsWithinSeconds(pids[1]));
  close(told[0]);
  close(told[1]);
}

TEST(Server, EndsWithItsOwnChildrenWhenItGoesOutOfScope) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  TemporaryDirectory room;
  pid_t child = -1;
  {
    Server server(WithAChild(room));
    child = AwaitChild(server);
  }
  EXPECT_TRUE(EndsWithinSeconds(child));
}

TEST(Server, OutlivesTheThreadThatStartedIt) {
  TemporaryDirectory room;
  std::unique_ptr<Server> server;
  std::string task;
  std::thread([&] {
    task = "/proc/self/task/" + std::to_string(gettid());
    server = std::make_unique<Server>(Server::Options{
        "answering",
        {"/bin/sh", "-c", "trap 'echo here' USR1; echo up; while :; do sleep 0.1; done"},
        {},
        room.path()});
    server->Await([&] { return server->Log() == "up\n"; });
  }).join();
  ASSERT_TRUE(Eventually([&] { return !std::filesystem::exists(task); }));
  kill(server->pid(), SIGUSR1);
  server->Await([&] { return server->Log() == "up\nhere\n"; }, std::chrono::seconds(10));
}

TEST(Server, ThatHasEndedIsToldWithTheEndOfItsLog) {
  TemporaryDirectory room;
  Server server({"short", {"/bin/sh", "-c", "echo the disk is full; exit 3"}, {}, room.path()});
  try {
    server.Await([] { return false; });
    FAIL() << "awaited a server that has ended";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "short has ended; the end of its log:\nthe disk is full\n");
  }
}

// Somebody else's server on the port would answer in its place.
TEST(Server, ThatHasEndedIsNotReadyWhoeverAnswers) {
  TemporaryDirectory room;
  Server server({"short", {"/bin/true"}, {}, room.path()});
  ASSERT_TRUE(Eventually([&] { return !server.IsRunning(); }, std::chrono::seconds(10)));
  EXPECT_THROW(server.Await([] { return true; }), std::runtime_error);
}

TEST(Tool, ThatIsNotBuiltIsAskedForInASentence) {
  try {
    Tool("no-such-tool");
    FAIL() << "found a tool that does not exist";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "no-such-tool is not built; run tests/servers/build.sh first (make servers)");
  }
}

TEST(FreePort, IsNeverGivenTwice) {
  std::set<int> ports;
  for (int i = 0; i < 200; ++i) ports.insert(FreePort());
  EXPECT_EQ(ports.size(), 200u);
}

}  // namespace
}  // namespace tokenwarden::it
