#include "agent/adapters/notify/notifier.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace tokenwarden::notify {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class FakeHttp : public HttpClient {
 public:
  Result<HttpReply> Send(const HttpRequest& sent) override {
    ++count;
    method = sent.method;
    url = sent.url;
    body = sent.body;
    content_type = sent.content_type;
    timeout = sent.timeout;
    exactly_once = sent.exactly_once;
    if (down) return MakeError(ErrorKind::kUnavailable, "connect", "nobody listens");
    HttpReply reply;
    reply.status = status;
    reply.body = "PLANTED-VALUE";
    return reply;
  }

  int count = 0;
  int status = 204;
  bool down = false;
  HttpRequest::Method method{};
  std::string url, body, content_type;
  std::chrono::milliseconds timeout{};
  bool exactly_once = false;
};

class NotifierTest : public testing::Test {
 protected:
  NotifierTest() {
    std::string name = (fs::temp_directory_path() / "tokenwarden-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = fs::canonical(name);
    notifier_ = MakeNotifier(http_, directory_);
    notice_.credential = "whatsapp";
    notice_.tenant = "acme";
    notice_.generation = 7;
    notice_.fingerprint = {"hmac:0011223344556677"};
  }
  ~NotifierTest() override { fs::remove_all(directory_); }

  Status Run(std::vector<std::string> command, Seconds timeout = Seconds(30)) {
    NotifySpec spec;
    spec.kind = NotifyKind::kExec;
    spec.command = std::move(command);
    spec.timeout = timeout;
    return notifier_->Notify(spec, notice_);
  }
  Status Shell(const std::string& script, Seconds timeout = Seconds(30)) {
    return Run({"/bin/sh", "-c", script}, timeout);
  }
  Status Signal(const std::string& signal, const std::string& process = "",
                const std::string& pid_file = "pid") {
    NotifySpec spec;
    spec.kind = NotifyKind::kSignal;
    spec.signal = signal;
    spec.process = process;
    spec.pid_file = pid_file;
    return notifier_->Notify(spec, notice_);
  }

  static std::string ReasonOf(const Status& status) {
    if (status) return "ok";
    EXPECT_FALSE(status.error().action.empty()) << status.error().message;
    EXPECT_THAT(status.error().message, HasSubstr("cannot "));
    return status.error().reason;
  }

  std::string Read(const std::string& name) {
    std::ifstream file(directory_ / name);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(directory_ / name) << content;
  }

  fs::path directory_;
  FakeHttp http_;
  std::unique_ptr<Notifier> notifier_;
  Notice notice_;
};

// ---- exec ----

TEST_F(NotifierTest, RunsTheCommandInTheDirectoryOfTheConfiguration) {
  Write("hook", "#!/bin/sh\nprintf '%s|' \"$@\" > out\n");
  fs::permissions(directory_ / "hook", fs::perms::owner_all);
  EXPECT_EQ(ReasonOf(Run({"./hook", "a b", "$HOME", ""})), "ok");
  EXPECT_EQ(Read("out"), "a b|$HOME||");
}

TEST_F(NotifierTest, TheCommandSeesNothingOfOurEnvironmentButWhatItNeeds) {
  ::setenv("FACEBOOK_APP_SECRET", "PLANTED-VALUE", 1);
  ::setenv("LANG", "C", 1);
  EXPECT_EQ(ReasonOf(Run({"/usr/bin/env", "sh", "-c", "env > out"})), "ok");
  ::unsetenv("FACEBOOK_APP_SECRET");
  std::set<std::string> names;
  std::istringstream lines(Read("out"));
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find('=')));
  names.erase("PWD");  // set by the shell itself
  names.erase("SHLVL");
  names.erase("_");
  names.erase("HOME");  // only if we have one
  EXPECT_THAT(names, ElementsAre("LANG", "PATH", "TOKENWARDEN_CREDENTIAL",
                                 "TOKENWARDEN_FINGERPRINT", "TOKENWARDEN_GENERATION"));
  EXPECT_THAT(Read("out"), HasSubstr("TOKENWARDEN_CREDENTIAL=whatsapp\n"));
  EXPECT_THAT(Read("out"), HasSubstr("TOKENWARDEN_GENERATION=7\n"));
  EXPECT_THAT(Read("out"), HasSubstr("TOKENWARDEN_FINGERPRINT=hmac:0011223344556677\n"));
}

TEST_F(NotifierTest, TheCommandGetsNoOpenFileAndAnEmptyStandardInput) {
  const int opened = ::open("/dev/null", O_RDONLY);
  const int inherited = ::fcntl(opened, F_DUPFD, 100);  // without FD_CLOEXEC
  const std::string number = std::to_string(inherited);
  EXPECT_EQ(ReasonOf(Shell("cat > in; test ! -e /proc/$$/fd/" + number)), "ok");
  EXPECT_EQ(Read("in"), "");
  ::close(opened);
  ::close(inherited);
}

TEST_F(NotifierTest, TheCommandStartsWithDefaultSignals) {
  sigset_t blocked{}, before{};
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const Status status = Shell("kill -TERM $$; exit 0");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(ReasonOf(status), "killed");
  EXPECT_THAT(status.error().message, HasSubstr("signal 15"));
}

TEST_F(NotifierTest, AFailingCommandIsToldByItsExitCodeAndNeverByItsOutput) {
  const Status status = Shell("echo PLANTED-VALUE; echo PLANTED-VALUE >&2; exit 3");
  EXPECT_EQ(ReasonOf(status), "exit_code");
  EXPECT_THAT(status.error().message, HasSubstr("exit code 3"));
  EXPECT_THAT(status.error().message, HasSubstr("whatsapp"));
  EXPECT_THAT(status.error().message + status.error().action, Not(HasSubstr("PLANTED")));
}

TEST_F(NotifierTest, EndlessOutputDoesNotBlockACommand) {
  EXPECT_EQ(
      ReasonOf(Shell("i=0; while [ $i -lt 5000 ]; do echo $0$0$0$0$0$0$0$0$0$0; i=$((i+1)); done")),
      "ok");
}

TEST_F(NotifierTest, ACommandThatHangsIsKilledWithEverythingItStarted) {
  ASSERT_EQ(::mkfifo((directory_ / "held").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((directory_ / "never").c_str(), 0600), 0);
  const int held = ::open((directory_ / "held").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  // Parent and child keep `held` open for writing as long as they live.
  EXPECT_EQ(ReasonOf(Shell("exec 5> held; echo up >&5; cat never & cat never", Seconds(1))),
            "timeout");
  char up[8] = {};
  EXPECT_EQ(::read(held, up, sizeof up), 3);
  pollfd end{held, POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, 30000), 1);
  EXPECT_NE(end.revents & POLLHUP, 0);
  ::close(held);
}

TEST_F(NotifierTest, SaysWhyACommandCannotBeStarted) {
  Write("text", "x");
  EXPECT_EQ(ReasonOf(Run({"/none/at/all"})), "no_such_command");
  EXPECT_EQ(ReasonOf(Run({"./text"})), "not_permitted");
  EXPECT_EQ(ReasonOf(Run({})), "no_command");
  EXPECT_EQ(ReasonOf(Run({""})), "no_command");
}

// ---- signal ----

// A consumer that does nothing until it is signalled. It is up once it has echoed a byte: a parent
// may go on before a new program has its name.
class Consumer {
 public:
  Consumer() {
    if (::pipe2(input_, O_CLOEXEC) != 0 || ::pipe2(output_, O_CLOEXEC) != 0) {
      throw std::runtime_error("pipe failed");
    }
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, input_[0], 0);
    ::posix_spawn_file_actions_adddup2(&files, output_[1], 1);
    char name[] = "cat";
    char* arguments[] = {name, nullptr};
    const int failed = ::posix_spawnp(&pid_, "cat", &files, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&files);
    char echo = 0;
    if (failed != 0 || ::write(input_[1], "x", 1) != 1 || ::read(output_[0], &echo, 1) != 1) {
      throw std::runtime_error("the consumer did not start");
    }
  }
  Consumer(const Consumer&) = delete;
  ~Consumer() {
    ::close(input_[1]);  // ends it, if it still lives
    Reap();
    for (const int fd : {input_[0], output_[0], output_[1]}) ::close(fd);
  }

  pid_t pid() const { return pid_; }
  // The signal that ended it.
  int EndedBy() { return WTERMSIG(Reap()); }

 private:
  int Reap() {
    if (!reaped_) ::waitpid(pid_, &status_, 0);
    reaped_ = true;
    return status_;
  }

  int input_[2] = {-1, -1};
  int output_[2] = {-1, -1};
  pid_t pid_ = 0;
  bool reaped_ = false;
  int status_ = 0;
};

TEST_F(NotifierTest, SignalsTheProcessOfThePidFile) {
  const std::pair<const char*, int> cases[] = {
      {"HUP", SIGHUP}, {"SIGUSR1", SIGUSR1}, {"USR2", SIGUSR2}, {"TERM", SIGTERM}};
  for (const auto& [name, number] : cases) {
    Consumer consumer;
    Write("pid", std::to_string(consumer.pid()) + "\n");
    EXPECT_EQ(ReasonOf(Signal(name, "cat")), "ok") << name;
    EXPECT_EQ(consumer.EndedBy(), number);
  }
}

TEST_F(NotifierTest, WithoutANameAProcessThatIsOlderThanItsPidFileIsTheRightOne) {
  Consumer consumer;
  Write("pid", std::to_string(consumer.pid()));
  EXPECT_EQ(ReasonOf(Signal("HUP")), "ok");
  EXPECT_EQ(consumer.EndedBy(), SIGHUP);
}

TEST_F(NotifierTest, NeverSignalsAProcessThatTookOverTheNumber) {
  Consumer consumer;
  Write("pid", std::to_string(consumer.pid()));
  const Status other_name = Signal("HUP", "nginx");
  EXPECT_EQ(ReasonOf(other_name), "other_process");
  EXPECT_THAT(other_name.error().message, HasSubstr("is called cat, not nginx"));
  fs::last_write_time(directory_ / "pid", fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(ReasonOf(Signal("HUP")), "other_process");
  EXPECT_EQ(ReasonOf(Signal("CONT", "cat")), "ok");
  EXPECT_EQ(::waitpid(consumer.pid(), nullptr, WNOHANG), 0);  // it lives
}

TEST_F(NotifierTest, SaysThatTheProcessIsGone) {
  pid_t gone = 0;
  {
    Consumer consumer;
    gone = consumer.pid();
  }
  Write("pid", std::to_string(gone));
  EXPECT_EQ(ReasonOf(Signal("HUP")), "no_such_process");
}

TEST_F(NotifierTest, ReadsAPidFileSafely) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReasonOf(Signal("HUP", "", "none")), "no_pid_file");
  EXPECT_EQ(ReasonOf(Signal("HUP", "", "pipe")), "bad_pid_file");
  EXPECT_EQ(ReasonOf(Signal("HUP", "", ".")), "bad_pid_file");
  EXPECT_EQ(ReasonOf(Signal("HUP", "", "/dev/zero")), "bad_pid_file");
  for (const char* text : {"", "\n", "x", "-1", "0", "12x", "99999999999999999999", " 1"}) {
    Write("pid", text);
    EXPECT_EQ(ReasonOf(Signal("HUP")), "bad_pid_file") << text;
  }
}

TEST_F(NotifierTest, KnowsOnlySignalsThatTellSomething) {
  Consumer consumer;
  Write("pid", std::to_string(consumer.pid()));
  for (const char* name : {"KILL", "STOP", "SEGV", "", "SIG", "1"}) {
    EXPECT_EQ(ReasonOf(Signal(name)), "unknown_signal") << name;
  }
}

// ---- http ----

TEST_F(NotifierTest, PostsWhatIsNewOnceAndWithoutAValue) {
  NotifySpec spec;
  spec.kind = NotifyKind::kHttp;
  spec.url = "https://consumer.example/reload";
  spec.timeout = Seconds(3);
  EXPECT_TRUE(notifier_->Notify(spec, notice_));
  EXPECT_EQ(http_.count, 1);
  EXPECT_EQ(http_.method, HttpRequest::Method::kPost);
  EXPECT_EQ(http_.url, spec.url);
  EXPECT_EQ(http_.content_type, "application/json");
  EXPECT_EQ(http_.timeout, std::chrono::milliseconds(3000));
  EXPECT_TRUE(http_.exactly_once);
  EXPECT_EQ(http_.body, R"({"credential":"whatsapp","tenant":"acme","generation":7,)"
                        R"("fingerprint":"hmac:0011223344556677"})");
  notice_.tenant = "";
  EXPECT_TRUE(notifier_->Notify(spec, notice_));
  EXPECT_THAT(http_.body, HasSubstr("\"tenant\":null"));
}

TEST_F(NotifierTest, AConsumerThatRefusesIsToldByItsStatusAndNeverByItsBody) {
  NotifySpec spec;
  spec.kind = NotifyKind::kHttp;
  spec.url = "https://consumer.example/reload";
  for (const int status : {199, 302, 404, 500}) {
    http_.status = status;
    const Status told = notifier_->Notify(spec, notice_);
    EXPECT_EQ(ReasonOf(told), "http_status");
    EXPECT_THAT(told.error().message, HasSubstr(std::to_string(status)));
    EXPECT_THAT(told.error().message, Not(HasSubstr("PLANTED")));
  }
  http_.down = true;
  EXPECT_EQ(notifier_->Notify(spec, notice_).error().reason, "connect");
}

}  // namespace
}  // namespace tokenwarden::notify
