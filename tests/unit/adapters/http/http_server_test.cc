#include "agent/adapters/http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "agent/adapters/http/accept_encoding.h"

namespace tokenwarden::http {
namespace {

using Steady = std::chrono::steady_clock;

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string ReadAll() {
    std::string out;
    char buffer[65536];
    for (ssize_t got; (got = recv(fd_, buffer, sizeof(buffer), 0)) > 0;) {
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  int fd_;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    handlers_["/plain"] = [] { return Text(200, "hello\n"); };
    handlers_["/down"] = [] { return Text(503, "draining\n"); };
    handlers_["/broken"] = []() -> Answer { throw std::runtime_error("a secret detail"); };
    for (int i = 0; i < 200000; ++i) long_text_ += "line " + std::to_string(i) + "\n";
    handlers_["/packed"] = [body = std::make_shared<const std::string>(Gzip(long_text_))] {
      Answer answer;
      answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
      answer.body = body;
      answer.gzip = true;
      return answer;
    };
  }
  void StartServer(HttpServerOptions options = {"127.0.0.1:0"}) {
    auto started = HttpServer::Start(std::move(options), handlers_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  std::string Ask(const std::string& request_line, const std::string& headers = "") {
    Connection connection(server_->port());
    connection.Send(request_line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
                    "\r\n");
    return connection.ReadAll();
  }
  static std::string BodyOf(const std::string& reply) {
    return reply.substr(reply.find("\r\n\r\n") + 4);
  }

  std::map<std::string, Handler> handlers_;
  std::string long_text_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersByPathWithTheHandlersStatus) {
  StartServer();
  const struct {
    const char* request;
    const char* status;
    const char* body;
  } rows[] = {
      {"GET /plain", "HTTP/1.1 200 ", "hello\n"},
      {"GET /plain?a=b", "HTTP/1.1 200 ", "hello\n"},
      {"GET /down", "HTTP/1.1 503 ", "draining\n"},
      {"GET /plain/more", "HTTP/1.1 404 ", "not found\n"},
      {"GET /", "HTTP/1.1 404 ", "not found\n"},
      {"GET /../plain", "HTTP/1.1 404 ", "not found\n"},
      {"POST /plain", "HTTP/1.1 405 ", "only GET and HEAD\n"},
      {"DELETE /plain", "HTTP/1.1 405 ", "only GET and HEAD\n"},
      {"GET /broken", "HTTP/1.1 500 ", "this page could not be made\n"},
  };
  for (const auto& row : rows) {
    const std::string reply = Ask(row.request);
    EXPECT_EQ(reply.rfind(row.status, 0), 0u) << row.request << ": " << reply;
    EXPECT_EQ(BodyOf(reply), row.body) << row.request;
  }
}

TEST_F(HttpServerTest, AnswersHeadWithTheSameHeadersAndNoBody) {
  StartServer();
  const std::string reply = Ask("HEAD /plain");
  EXPECT_EQ(reply.rfind("HTTP/1.1 200 ", 0), 0u);
  EXPECT_NE(reply.find("Content-Length: 6\r\n"), std::string::npos) << reply;
  EXPECT_EQ(BodyOf(reply), "");
  const std::string packed = Ask("HEAD /packed");
  EXPECT_NE(packed.find("Content-Length: " + std::to_string(long_text_.size())), std::string::npos)
      << packed;
  EXPECT_EQ(BodyOf(packed), "");
}

TEST_F(HttpServerTest, SendsGzipAsItIsToWhoAcceptsItAndInflatedToOthers) {
  StartServer();
  const std::string packed = Ask("GET /packed", "Accept-Encoding: gzip\r\n");
  EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(packed.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
            std::string::npos);
  EXPECT_EQ(BodyOf(packed), Gzip(long_text_));
  for (const char* header : {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n"}) {
    const std::string plain = Ask("GET /packed", header);
    EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos) << header;
    EXPECT_TRUE(BodyOf(plain) == long_text_) << header;
  }
}

TEST_F(HttpServerTest, IsNotHeldUpByIdleAndHalfSpokenConnections) {
  StartServer();
  std::vector<std::unique_ptr<Connection>> idle;
  for (int i = 0; i < 60; ++i) {
    idle.push_back(std::make_unique<Connection>(server_->port()));
    if (i % 2 == 0) idle.back()->Send("GET /plain HTTP/1.1\r\nHost:");
  }
  const auto begin = Steady::now();
  EXPECT_EQ(BodyOf(Ask("GET /plain")), "hello\n");
  EXPECT_LT(Steady::now() - begin, std::chrono::seconds(1));
}

TEST_F(HttpServerTest, HangsUpOnASilentConnectionAfterItsTimeout) {
  HttpServerOptions options{"127.0.0.1:0"};
  options.idle_timeout_seconds = 1;
  StartServer(options);
  Connection silent(server_->port());
  const auto begin = Steady::now();
  EXPECT_EQ(silent.ReadAll(), "");
  EXPECT_LT(Steady::now() - begin, std::chrono::seconds(5));
}

TEST_F(HttpServerTest, RefusesHeadersThatAreTooLong) {
  StartServer();
  Connection connection(server_->port());
  connection.Send("GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " +
                  std::string(40000, 'a') + "\r\n\r\n");
  EXPECT_EQ(connection.ReadAll().find("hello"), std::string::npos);
  EXPECT_EQ(BodyOf(Ask("GET /plain")), "hello\n");
}

TEST_F(HttpServerTest, SaysThatTheAddressIsInUse) {
  StartServer();
  auto second = HttpServer::Start({server_->address()}, handlers_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "address_in_use");
  EXPECT_NE(second.error().message.find("address in use by another process"), std::string::npos);
  EXPECT_NE(second.error().message.find(server_->address()), std::string::npos);
}

TEST_F(HttpServerTest, RefusesAddressesItCannotUse) {
  for (const char* text : {"", "9464", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:12x", "::1:9464",
                           "example.com:9464"}) {
    auto started = HttpServer::Start({text}, handlers_);
    ASSERT_FALSE(started) << text;
    EXPECT_EQ(started.error().reason, "bad_address") << text;
  }
  auto elsewhere = HttpServer::Start({"192.0.2.1:9464"}, handlers_);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().reason, "listen_failed");
}

TEST_F(HttpServerTest, StopsAtOnceWithConnectionsOpen) {
  StartServer();
  Connection idle(server_->port());
  EXPECT_EQ(BodyOf(Ask("GET /plain")), "hello\n");
  const auto begin = Steady::now();
  server_.reset();
  EXPECT_LT(Steady::now() - begin, std::chrono::seconds(1));
}

TEST(AcceptEncoding, FollowsWeightsAndTheWildcard) {
  const struct {
    const char* header;
    bool accepts;
  } rows[] = {
      {"", false},           {"gzip", true},
      {"GZIP", true},        {"br, gzip", true},
      {"gzip;q=0", false},   {"gzip; q=0.000", false},
      {"gzip;q=0.5", true},  {"*", true},
      {"*;q=0", false},      {"*, gzip;q=0", false},
      {"gzip, *;q=0", true}, {"identity", false},
      {"not-gzip", false},   {"deflate,gzip;q=1.0,*;q=0.1", true},
  };
  for (const auto& row : rows) EXPECT_EQ(AcceptsGzip(row.header), row.accepts) << row.header;
}

}  // namespace
}  // namespace tokenwarden::http
