#include "agent/adapters/log/log_listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/fakes/fake_clock.h"

namespace tokenwarden::log {
namespace {

const Instant kNow = FromUnix(1795168800);  // 2026-11-20T10:00:00Z

Event FullEvent() {
  Event event;
  event.kind = Event::Kind::kPublishFailed;
  event.level = LogLevel::kWarn;
  event.message = "publish failed";
  event.credential = "whatsapp";
  event.tenant = "acme";
  event.provider = "meta";
  event.reason = "disk_full";
  event.sink = "dotenv";
  event.target = ".env#TOKEN";
  event.endpoint = "debug_token";
  event.code = 503;
  event.duration = std::chrono::microseconds(1500);
  event.fields = {{"generation", "3"}};
  return event;
}

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0); }
  ~Pipe() {
    close(fds[0]);
    if (fds[1] >= 0) close(fds[1]);
  }
  std::string Drain() {
    close(fds[1]);
    fds[1] = -1;
    std::string out;
    char buffer[4096];
    for (ssize_t got; (got = read(fds[0], buffer, sizeof(buffer))) > 0;) {
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  int fds[2];
};

TEST(LogLine, IsOneJsonObjectWithEveryFieldThatIsSet) {
  EXPECT_EQ(
      FormatLine(FullEvent(), kNow, LogFormat::kJson),
      R"({"ts":"2026-11-20T10:00:00Z","level":"warn","msg":"publish failed",)"
      R"("event":"publish_failed","credential":"whatsapp","tenant":"acme","provider":"meta",)"
      R"("reason":"disk_full","sink":"dotenv","target":".env#TOKEN","endpoint":"debug_token",)"
      R"("code":503,"duration_seconds":0.001500,"generation":"3"})");
  Event bare;
  bare.message = "agent started";
  EXPECT_EQ(
      FormatLine(bare, kNow, LogFormat::kJson),
      R"({"ts":"2026-11-20T10:00:00Z","level":"info","msg":"agent started","event":"agent"})");
}

TEST(LogLine, IsOneReadableLineAsText) {
  Event event = FullEvent();
  event.fields = {{"error", "no room left"}};
  EXPECT_EQ(FormatLine(event, kNow, LogFormat::kText),
            "2026-11-20T10:00:00Z warn  publish failed event=publish_failed credential=whatsapp "
            "tenant=acme provider=meta reason=disk_full sink=dotenv target=.env#TOKEN "
            "endpoint=debug_token code=503 duration_seconds=0.001500 error=\"no room left\"");
}

TEST(LogLine, StaysOneValidLineWhateverTheTextHolds) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  const std::string hostile[] = {every_byte,
                                 "a\r\nb",
                                 "\x1b[31mred",
                                 "\xc2\x9b"
                                 "31m",
                                 "\"},{\"x\":\"",
                                 "\xed\xa0\x80",
                                 "\xf5\x80\x80\x80",
                                 "cut \xe2\x82"};
  for (const std::string& text : hostile) {
    Event event;
    event.message = text;
    event.reason = text;
    event.fields = {{text, text}, {"msg", text}, {"reason", text}};
    for (const LogFormat format : {LogFormat::kJson, LogFormat::kText}) {
      const std::string line = FormatLine(event, kNow, format);
      for (const char c : line) EXPECT_FALSE((c >= 0 && c < ' ') || c == 0x7f) << line;
      EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
      if (format != LogFormat::kJson) continue;
      std::set<std::string> keys;
      bool twice = false;
      const auto callback = [&](int, nlohmann::json::parse_event_t parsed, nlohmann::json& value) {
        if (parsed == nlohmann::json::parse_event_t::key) {
          twice = twice || !keys.insert(value.get<std::string>()).second;
        }
        return true;
      };
      EXPECT_FALSE(nlohmann::json::parse(line, callback, false).is_discarded()) << line;
      EXPECT_FALSE(twice) << line;
    }
  }
}

TEST(LogLine, CutsAFieldThatIsTooLong) {
  Event event;
  event.reason = std::string(100000, 'a');
  EXPECT_LT(FormatLine(event, kNow, LogFormat::kJson).size(), 5000u);
}

TEST(LogListener, WritesOnlyEventsOfItsLevelAndAbove) {
  FakeClock clock(kNow);
  Pipe pipe;
  LogListener log(clock, {LogFormat::kText, LogLevel::kWarn, pipe.fds[1]});
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    Event event;
    event.level = level;
    event.message = "said";
    log.On(event);
  }
  const std::string out = pipe.Drain();
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  EXPECT_EQ(out.find("info"), std::string::npos);
}

TEST(LogListener, NeverMixesTheLinesOfTwoThreads) {
  FakeClock clock(kNow);
  Pipe pipe;
  LogListener log(clock, {LogFormat::kJson, LogLevel::kInfo, pipe.fds[1]});
  std::string out;
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&log] {
      for (int i = 0; i < 50; ++i) log.On(FullEvent());
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::istringstream lines(pipe.Drain());
  const std::string expected = FormatLine(FullEvent(), kNow, LogFormat::kJson);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_EQ(line, expected);
  EXPECT_EQ(count, 200);
}

TEST(LogListener, OutlivesAReaderThatLeftAndAFullDisk) {
  FakeClock clock(kNow);
  Pipe pipe;
  close(pipe.fds[0]);
  pipe.fds[0] = -1;
  LogListener to_pipe(clock, {LogFormat::kJson, LogLevel::kInfo, pipe.fds[1]});
  to_pipe.On(FullEvent());  // SIGPIPE would end the test here
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);

  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  LogListener to_full(clock, {LogFormat::kJson, LogLevel::kInfo, full});
  to_full.On(FullEvent());
  close(full);
}

}  // namespace
}  // namespace tokenwarden::log
