#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <thread>

#include "agent/adapters/grpc/prepare_process.h"
#include "tests/unit/adapters/grpc/grpc_fixture.h"

namespace tokenwarden::grpc_adapter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

// A gate that blocking calls wait at until the test opens it.
class Gate {
 public:
  void Enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitEntered(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return entered_ >= count; });
  }
  void Open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  bool open_ = false;
};

class GrpcServer : public GrpcFixture {};

// A socket of another program at our path.
int ListenAt(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  EXPECT_EQ(listen(fd, 8), 0);
  return fd;
}

int ConnectRaw(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  return fd;
}

// An HTTP/2 server speaks first.
bool Speaks(int fd, milliseconds patience) {
  pollfd readable{fd, POLLIN, 0};
  if (poll(&readable, 1, static_cast<int>(patience.count())) <= 0) return false;
  char byte = 0;
  return recv(fd, &byte, 1, 0) > 0;
}

TEST_F(GrpcServer, AnswersEveryVerbOverItsSocket) {
  api_.on_explain = [](const std::string&) -> Result<Explanation> {
    Explanation explanation;
    explanation.decision.sentence = "all is well";
    return explanation;
  };
  StartServer();
  const auto client = Connect();
  EXPECT_EQ(client->Get("whatsapp")->state, FullTokenView("whatsapp", kNow).state);
  EXPECT_EQ(client->Check("whatsapp")->name, "whatsapp");
  EXPECT_EQ(client->Refresh("second")->name, "second");
  EXPECT_EQ(client->Rollback("second")->name, "second");
  EXPECT_EQ(client->Sync("whatsapp")->name, "whatsapp");
  EXPECT_EQ(client->Explain("whatsapp")->decision.sentence, "all is well");
  EXPECT_TRUE(client->Reload());
  const auto info = client->GetInfo();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->version, "1.2.3");
  EXPECT_EQ(info->started_at, kNow);
  EXPECT_EQ(info->revision, api_.Revision());
}

TEST_F(GrpcServer, GivesTheAgentsOwnErrorForARollbackAndASync) {
  api_.on_rollback = [](const std::string&) -> Result<TokenView> {
    return MakeError(ErrorKind::kNotFound, "no_previous_value", "none is kept", "bring one");
  };
  api_.on_sync = [](const std::string&) -> Result<TokenView> {
    return MakeError(ErrorKind::kUnavailable, "disk_full", "one sink could not be written", "");
  };
  StartServer();
  const auto client = Connect();
  const Error none = client->Rollback("whatsapp").error();
  EXPECT_EQ(none.kind, ErrorKind::kNotFound);
  EXPECT_EQ(none.reason, "no_previous_value");
  EXPECT_EQ(none.action, "bring one");
  EXPECT_EQ(client->Sync("whatsapp").error().reason, "disk_full");
}

TEST_F(GrpcServer, AsksForTheValueThatWasKeptAsideWithoutSendingOne) {
  bool kept_aside = false;
  std::string why;
  api_.on_submit = [&](SubmitRequest request) {
    kept_aside = request.kept_aside && request.value.empty();
    why = request.accept_worse_reason;
    return api_.Get(request.name);
  };
  StartServer();
  SubmitRequest request{"whatsapp", Secret(), "the app was moved"};
  request.kept_aside = true;
  EXPECT_TRUE(Connect()->Submit(std::move(request)));
  EXPECT_TRUE(kept_aside);
  EXPECT_EQ(why, "the app was moved");
}

TEST_F(GrpcServer, HandsASubmittedValueOverByteForByte) {
  const std::string value = "fake-value \xff\"'\n" + std::string(3000, 'x');
  std::string seen, why;
  api_.on_submit = [&](SubmitRequest request) {
    seen = request.value.Reveal();
    why = request.accept_worse_reason;
    return api_.Get(request.name);
  };
  StartServer();
  SubmitRequest request{"whatsapp", Secret(value), "the old one leaked"};
  EXPECT_TRUE(Connect()->Submit(std::move(request)));
  EXPECT_EQ(seen, value);
  EXPECT_EQ(why, "the old one leaked");
}

TEST_F(GrpcServer, RefusesARequestOverOneMebibyte) {
  StartServer();
  const auto answer = Connect()->Submit({"whatsapp", Secret(std::string(2 << 20, 'x')), ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kResourceExhausted);
}

TEST_F(GrpcServer, BringsTheAgentsOwnErrorBackUnchanged) {
  StartServer();
  const auto answer = Connect()->Get("nobody");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(answer.error().reason, "no_such_credential");
  EXPECT_EQ(answer.error().message, "there is no credential named 'nobody'");
  EXPECT_EQ(answer.error().action, "see `tokenwarden status`");
}

TEST_F(GrpcServer, ListsThousandsInOrderPageByPage) {
  std::vector<TokenView> views;
  for (int i = 2499; i >= 0; --i) {
    TokenView view;
    char name[16];
    snprintf(name, sizeof(name), "t%05d", i);
    view.name = name;
    view.tenant = i % 2 == 0 ? "even" : "odd";
    views.push_back(std::move(view));
  }
  api_.SetTokens(std::move(views));
  StartServer();
  const auto all = Connect()->List({});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2500u);
  EXPECT_TRUE(std::is_sorted(all->begin(), all->end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  TokenSelector even;
  even.tenant = "even";
  EXPECT_EQ(Connect()->List(even)->size(), 1250u);
}

TEST_F(GrpcServer, ReportsEachCallServedWithItsOutcome) {
  StartServer();
  const auto client = Connect();
  (void)client->Get("whatsapp");
  (void)client->Get("nobody");
  const std::vector<Event> events = heard_.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, Event::Kind::kRpcServed);
  EXPECT_EQ(events[0].endpoint, "GetToken");
  EXPECT_EQ(events[0].reason, "OK");
  EXPECT_EQ(events[1].reason, "NOT_FOUND");
}

TEST_F(GrpcServer, AnswersReadsWhileAllWaitingPlacesAreTaken) {
  Gate gate;
  api_.on_check = [&](const std::string& name) {
    gate.Enter();
    return api_.Get(name);
  };
  ServerOptions options = Options();
  options.workers = 2;
  StartServer(options);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] { EXPECT_TRUE(Connect()->Check("whatsapp")); });
  }
  gate.AwaitEntered(2);
  EXPECT_TRUE(Connect()->Get("whatsapp"));
  EXPECT_TRUE(*Connect()->IsServing());
  gate.Open();
  for (std::thread& caller : callers) caller.join();
}

TEST_F(GrpcServer, LetsACallerGoAtItsDeadlineWhileTheWorkGoesOn) {
  Gate gate;
  std::atomic<bool> finished{false};
  api_.on_refresh = [&](const std::string& name) {
    gate.Enter();
    finished = true;
    return api_.Get(name);
  };
  StartServer();
  const auto answer = Connect(milliseconds(100))->Refresh("whatsapp");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kDeadlineExceeded);
  EXPECT_NE(answer.error().message.find("100 ms"), std::string::npos);
  gate.Open();
  server_->Shutdown();
  EXPECT_TRUE(finished);
}

TEST_F(GrpcServer, EndsACallAtItsOwnLimitWhenTheCallerHasNone) {
  Gate gate;
  api_.on_check = [&](const std::string& name) {
    gate.Enter();
    return api_.Get(name);
  };
  ServerOptions options = Options();
  options.longest_call = milliseconds(50);
  StartServer(options);
  const auto answer = Connect(seconds(60))->Check("whatsapp");
  gate.Open();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kDeadlineExceeded);
}

TEST_F(GrpcServer, ShutsDownWithinASecondWithACallInFlight) {
  Gate gate;
  api_.on_check = [&](const std::string& name) {
    gate.Enter();
    return api_.Get(name);
  };
  StartServer();
  std::thread caller([&] { EXPECT_FALSE(Connect(seconds(60))->Check("whatsapp")); });
  gate.AwaitEntered(1);
  std::thread opener([&] {
    caller.join();  // the caller is let go before the work ends
    gate.Open();
  });
  const auto begin = Steady::now();
  server_->Shutdown(milliseconds(100));
  EXPECT_LT(Steady::now() - begin, seconds(1));
  opener.join();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(GrpcServer, KeepsItsSocketToItsOwner) {
  const mode_t before = umask(0);
  StartServer();
  umask(before);
  struct stat found {};
  ASSERT_EQ(stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(GrpcServer, TakesOverTheSocketOfADeadAgent) {
  close(ListenAt(path()));
  ASSERT_TRUE(std::filesystem::exists(path()));
  StartServer();
  EXPECT_TRUE(Connect()->Get("whatsapp"));
}

TEST_F(GrpcServer, LeavesALivingServersSocketAlone) {
  const int other = ListenAt(path());
  auto started = Server::Start(api_, nullptr, Options());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().reason, "address_in_use");
  EXPECT_NE(started.error().message.find(path()), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path()));
  close(other);
}

TEST_F(GrpcServer, RefusesASecondAgentOnItsSocketAndGoesOnItself) {
  StartServer();
  auto second = Server::Start(api_, nullptr, Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "address_in_use");
  EXPECT_TRUE(Connect()->Get("whatsapp"));
}

TEST_F(GrpcServer, NeverRemovesAFileThatIsNotASocket) {
  std::ofstream(path()) << "precious";
  auto started = Server::Start(api_, nullptr, Options());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().reason, "not_a_socket");
  EXPECT_EQ(std::filesystem::file_size(path()), 8u);
}

TEST_F(GrpcServer, SaysThatTheDirectoryIsMissing) {
  ServerOptions options = Options();
  options.listen = "unix://" + directory_ + "/none/agent.sock";
  auto started = Server::Start(api_, nullptr, options);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().reason, "listen_failed");
  EXPECT_NE(started.error().action.find("create the directory"), std::string::npos);
}

TEST_F(GrpcServer, ListensOnLoopbackToo) {
  ServerOptions options = Options();
  options.listen = "127.0.0.1:0";
  StartServer(options);
  EXPECT_NE(server_->address(), "127.0.0.1:0");
  EXPECT_TRUE(Connect()->Get("whatsapp"));
  options.listen = server_->address();
  auto second = Server::Start(api_, nullptr, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "address_in_use");
}

TEST_F(GrpcServer, LetsConnectionsBeyondItsLimitWaitForRoom) {
  ServerOptions options = Options();
  options.max_connections = 2;
  StartServer(options);
  const int first = ConnectRaw(path());
  const int second = ConnectRaw(path());
  EXPECT_TRUE(Speaks(first, seconds(10)));
  EXPECT_TRUE(Speaks(second, seconds(10)));
  const int third = ConnectRaw(path());
  EXPECT_FALSE(Speaks(third, milliseconds(250)));
  close(first);
  EXPECT_TRUE(Speaks(third, seconds(10)));
  close(second);
  close(third);
}

TEST_F(GrpcServer, ShowsGrpcAtMostFourProcessors) {
  PrepareProcess();
  EXPECT_LE(sysconf(_SC_NPROCESSORS_CONF), 4);
  EXPECT_GE(sysconf(_SC_NPROCESSORS_CONF), 1);
  EXPECT_GE(sysconf(_SC_PAGESIZE), 4096);
}

TEST(GrpcClient, SaysWhatItSawWhenNobodyAnswers) {
  const auto missing = Client::Connect({"unix:///nonexistent/agent.sock", seconds(1)});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(missing.error().reason, "agent_unreachable");
  EXPECT_NE(missing.error().message.find("unix:///nonexistent/agent.sock"), std::string::npos);
  EXPECT_NE(missing.error().action.find("start tokenwarden-agent"), std::string::npos);
}

TEST_F(GrpcServer, TellsItsClientThatTheConnectionWasLost) {
  StartServer();
  const auto client = Connect(seconds(2));
  ASSERT_TRUE(client->Get("whatsapp"));
  server_.reset();
  const auto answer = client->Get("whatsapp");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(answer.error().message.find(path()), std::string::npos);
}

// Root becomes somebody else; anybody else stays who he is, and the server believes that it is
// another user.
TEST_F(GrpcServer, HangsUpOnOtherUsersUnlessAllowed) {
  constexpr uid_t kOther = 65534;
  const bool is_root = geteuid() == 0;
  std::filesystem::permissions(directory_, std::filesystem::perms::all);
  for (const bool allowed : {false, true}) {
    ServerOptions options = Options();
    options.socket_mode = 0666;
    options.own_uid = is_root ? 0 : geteuid() + 1;
    if (allowed) options.allowed_uids = {is_root ? kOther : geteuid()};
    StartServer(options);
    bool served = false;
    std::thread([&] {
      // The raw call changes this thread only, and SO_PEERCRED shows who connects.
      if (is_root) {
        ASSERT_EQ(syscall(SYS_setresuid, -1, kOther, -1), 0);
      }
      const int fd = ConnectRaw(path());
      served = Speaks(fd, seconds(10));
      close(fd);
    }).join();
    EXPECT_EQ(served, allowed);
    server_.reset();
  }
}

}  // namespace
}  // namespace tokenwarden::grpc_adapter
