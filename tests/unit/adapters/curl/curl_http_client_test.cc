#include "agent/adapters/curl/curl_http_client.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "agent/adapters/curl/sigpipe.h"
#include "agent/adapters/curl/target.h"
#include "tests/unit/adapters/curl/raw_server.h"

namespace tokenwarden::curl {
namespace {

using std::chrono::milliseconds;

std::string Ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

// Answers every request of every connection with the same bytes and keeps what it read.
class Recorder {
 public:
  explicit Recorder(std::string reply) : reply_(std::move(reply)) {}
  void operator()(Peer& peer) {
    for (std::string request = peer.ReadRequest(); !request.empty(); request = peer.ReadRequest()) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        requests_.push_back(request);
      }
      peer.Write(reply_);
    }
  }
  std::vector<std::string> requests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

 private:
  std::string reply_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

RawServer::Script Answering(Recorder& recorder) {
  return [&recorder](Peer& peer) { recorder(peer); };
}

// Reads one request, writes the bytes and closes.
RawServer::Script WritesAndCloses(std::string bytes) {
  return [bytes](Peer& peer) {
    if (!peer.ReadRequest().empty()) peer.Write(bytes);
  };
}

HttpRequest Get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  request.endpoint_name = "debug_token";
  return request;
}

class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char name[] = "/tmp/tokenwarden-test-XXXXXX";
    const int descriptor = mkstemp(name);
    path_ = name;
    close(descriptor);
    std::ofstream(path_) << content;
  }
  ~TempFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ScopedEnvironment {
 public:
  ScopedEnvironment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~ScopedEnvironment() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(CurlHttpClient, SendsQueryEncodedAndBearerInAHeader) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/v25.0/debug_token"));
  request.query.emplace_back("input_token", Secret("a|b c/%+\xc3\xa9"));
  request.query.emplace_back("second", Secret("x"));
  request.bearer.emplace("1|fake");
  const Result<HttpReply> reply = client->Send(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "{}");
  EXPECT_GT(reply->duration.count(), 0);
  const std::string seen = recorder.requests().at(0);
  EXPECT_EQ(
      seen.find(
          "GET /v25.0/debug_token?input_token=a%7Cb%20c%2F%25%2B%C3%A9&second=x HTTP/1.1\r\n"),
      0u);
  EXPECT_NE(seen.find("\r\nAuthorization: Bearer 1|fake\r\n"), std::string::npos);
  EXPECT_EQ(seen.find("Cookie"), std::string::npos);
}

TEST(CurlHttpClient, SendsTheSamePathWithAQueryAsWithoutOne) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  for (const char* path : {"", "/", "/base/../v25.0/me", "/a%20b/"}) {
    HttpRequest request = Get(server.Url(path));
    ASSERT_TRUE(client->Send(request)) << path;
    request.query.emplace_back("k", Secret("v"));
    ASSERT_TRUE(client->Send(request)) << path;
    const std::string plain = recorder.requests().at(recorder.requests().size() - 2);
    const std::string queried = recorder.requests().back();
    const std::string target = plain.substr(4, plain.find(" HTTP/") - 4);
    EXPECT_EQ(queried.find("GET " + target + "?k=v HTTP/1.1\r\n"), 0u) << queried;
  }
}

TEST(CurlHttpClient, SendsAFormAsThePostBody) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/oauth/access_token"));
  request.method = HttpRequest::Method::kPost;
  request.form.emplace_back("client_secret", Secret("s&e=c"));
  request.form.emplace_back("grant_type", Secret("fb_exchange_token"));
  request.exactly_once = true;
  ASSERT_TRUE(client->Send(request));
  const std::string seen = recorder.requests().at(0);
  EXPECT_EQ(seen.find("POST /oauth/access_token HTTP/1.1\r\n"), 0u);
  EXPECT_NE(seen.find("\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
            std::string::npos);
  EXPECT_NE(seen.find("\r\n\r\nclient_secret=s%26e%3Dc&grant_type=fb_exchange_token"),
            std::string::npos);
  EXPECT_EQ(seen.find("Expect:"), std::string::npos);
}

TEST(CurlHttpClient, SendsEveryMethodWithItsBody) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  const std::pair<HttpRequest::Method, std::string> methods[] = {
      {HttpRequest::Method::kGet, "GET /"},
      {HttpRequest::Method::kPost, "POST /"},
      {HttpRequest::Method::kDelete, "DELETE /"},
      {HttpRequest::Method::kPut, "PUT /"},
      {HttpRequest::Method::kPatch, "PATCH /"}};
  for (const auto& [method, line] : methods) {
    HttpRequest request = Get(server.Url("/"));
    request.method = method;
    if (method != HttpRequest::Method::kGet) {
      request.body = "{\"a\":1}";
      request.content_type = "application/json";
    }
    ASSERT_TRUE(client->Send(request)) << line;
    const std::string seen = recorder.requests().back();
    EXPECT_EQ(seen.find(line), 0u) << seen;
    if (method != HttpRequest::Method::kGet) {
      EXPECT_NE(seen.find("Content-Type: application/json\r\n"), std::string::npos);
      EXPECT_NE(seen.find("\r\n\r\n{\"a\":1}"), std::string::npos);
    }
  }
}

TEST(CurlHttpClient, GivesHeaderNamesInLowerCaseAndInOrder) {
  RawServer server(
      WritesAndCloses("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                      "HTTP/1.1 200 OK\r\nX-App-Usage:  {\"call_count\":28} \r\nDATE: Fri, 20 Nov "
                      "2026 10:00:00 GMT\r\n"
                      "Set-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\n\r\nok"));
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->headers.size(), 5u);
  EXPECT_EQ(reply->headers[0].first, "x-app-usage");
  EXPECT_EQ(*reply->FindHeader("x-app-usage"), "{\"call_count\":28}");
  EXPECT_EQ(*reply->FindHeader("date"), "Fri, 20 Nov 2026 10:00:00 GMT");
  EXPECT_EQ(*reply->FindHeader("set-cookie"), "a=1");
  EXPECT_EQ(reply->FindHeader("x-early"), nullptr);
}

TEST(CurlHttpClient, ReturnsARedirectAsItIsAndFollowsNone) {
  Recorder elsewhere(Ok("stolen"));
  RawServer other(Answering(elsewhere));
  Recorder recorder("HTTP/1.1 302 Found\r\nLocation: " + other.Url("/steal") +
                    "\r\nContent-Length: 0\r\n\r\n");
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 302);
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(CurlHttpClient, RepeatsNoCookie) {
  Recorder recorder(Ok("{}", "Set-Cookie: session=1\r\n"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  EXPECT_EQ(recorder.requests().at(1).find("Cookie"), std::string::npos);
}

TEST(CurlHttpClient, RefusesABodyAboveOneMebibyte) {
  for (const std::string& head :
       {std::string("HTTP/1.1 200 OK\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string((1 << 20) + 1) + "\r\n\r\n"}) {
    RawServer server(WritesAndCloses(head + std::string((1 << 20) + 1, 'x')));
    auto client = MakeHttpClient({});
    const auto reply = client->Send(Get(server.Url("/")));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::kResourceExhausted);
    EXPECT_EQ(reply.error().reason, "body_too_large");
  }
}

TEST(CurlHttpClient, AcceptsABodyOfExactlyOneMebibyte) {
  RawServer server(WritesAndCloses(Ok(std::string(1 << 20, 'x'))));
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body.size(), 1u << 20);
}

TEST(CurlHttpClient, RefusesEndlessHeaders) {
  std::string flood = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 70; ++i) flood += "X-Filler: " + std::string(1024, 'x') + "\r\n";
  RawServer server(WritesAndCloses(flood + "\r\n"));
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "body_too_large");
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(CurlHttpClient, DecodesGzip) {
  RawServer server(WritesAndCloses(Ok(Gzip("{\"data\":{}}"), "Content-Encoding: gzip\r\n")));
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "{\"data\":{}}");
}

TEST(CurlHttpClient, BoundsABodyAfterDecodingIt) {
  RawServer server(
      WritesAndCloses(Ok(Gzip(std::string(64 << 20, 'x')), "Content-Encoding: gzip\r\n")));
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "body_too_large");
}

TEST(CurlHttpClient, SilenceEndsWithTimeout) {
  RawServer server([](Peer& peer) { peer.WaitForTheEnd(); });
  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/"));
  request.timeout = milliseconds(100);
  request.query.emplace_back("input_token", Secret("planted-secret"));
  const auto reply = client->Send(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kDeadlineExceeded);
  EXPECT_EQ(reply.error().reason, "timeout");
  EXPECT_EQ(reply.error().message.find("planted-secret"), std::string::npos);
}

TEST(CurlHttpClient, AHangAfterTheHeadersEndsWithTimeout) {
  RawServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    peer.WaitForTheEnd();
  });
  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/"));
  request.timeout = milliseconds(100);
  const auto reply = client->Send(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "timeout");
}

struct BrokenReply {
  const char* name;
  std::string bytes;
};
class BrokenReplies : public testing::TestWithParam<BrokenReply> {};
TEST_P(BrokenReplies, AreConnectionLost) {
  RawServer server(WritesAndCloses(GetParam().bytes));
  auto client = MakeHttpClient({});
  for (const bool once : {false, true}) {
    HttpRequest request = Get(server.Url("/"));
    request.exactly_once = once;
    const auto reply = client->Send(request);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(reply.error().reason, "connection_lost");
  }
  EXPECT_EQ(server.connections(), 2) << "nothing may be sent again by itself";
}
INSTANTIATE_TEST_SUITE_P(
    CurlHttpClient, BrokenReplies,
    testing::Values(BrokenReply{"Nothing", ""}, BrokenReply{"HalfAHead", "HTTP/1.1 200 OK\r\nDa"},
                    BrokenReply{"HalfABody", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"},
                    BrokenReply{"HalfAChunk",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab"},
                    BrokenReply{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n"},
                    BrokenReply{"BadGzip",
                                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                                "Content-Length: 4\r\n\r\nabcd"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(CurlHttpClient, NobodyListeningIsConnect) {
  int port = 0;
  {
    RawServer server([](Peer&) {});
    port = server.port();
  }
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get("http://127.0.0.1:" + std::to_string(port) + "/"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(reply.error().reason, "connect");
}

TEST(CurlHttpClient, AnUnknownNameIsDns) {
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get("https://no-such-host.invalid/x"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(reply.error().reason, "dns") << reply.error().message;
}

TEST(CurlHttpClient, RefusesPlainHttpToAnythingButLoopback) {
  auto client = MakeHttpClient({});
  for (const char* url : {"http://graph.facebook.com/", "http://128.0.0.1/", "http://10.0.0.1/",
                          "http://127.0.0.1.example.test/", "http://localhost.example.test/",
                          "http://0.0.0.0/", "http://[::2]/"}) {
    const auto reply = client->Send(Get(url));
    ASSERT_FALSE(reply) << url;
    EXPECT_EQ(reply.error().kind, ErrorKind::kInvalidArgument) << url;
    EXPECT_EQ(reply.error().reason, "plain_http") << url;
  }
}

TEST(CurlHttpClient, RefusesAddressesThatHoldMoreThanAPath) {
  auto client = MakeHttpClient({});
  for (const char* url :
       {"https://user:pass@localhost/", "https://localhost/?access_token=x", "https://localhost/#x",
        "ftp://localhost/", "file:///etc/passwd", "", "::"}) {
    const auto reply = client->Send(Get(url));
    ASSERT_FALSE(reply) << url;
    EXPECT_EQ(reply.error().kind, ErrorKind::kInvalidArgument) << url;
    EXPECT_EQ(reply.error().reason, "bad_url") << url;
    EXPECT_EQ(reply.error().message.find("pass"), std::string::npos) << url;
  }
}

TEST(CheckedUrls, RememberWhatIsGoodAndRefuseWhatIsNotEveryTime) {
  CheckedUrls urls;
  for (int i = 0; i < 3; ++i) {
    const Result<Target> good = urls.Check("https://graph.facebook.com/v25.0/me");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->origin, "https://graph.facebook.com:443");
    EXPECT_EQ(good->path, "/v25.0/me");
    EXPECT_FALSE(urls.Check("http://graph.facebook.com/v25.0/me"));
    EXPECT_FALSE(urls.Check("https://graph.facebook.com/v25.0/me?token=x"));
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string path = "/" + std::to_string(i);
    EXPECT_EQ(urls.Check("https://graph.facebook.com" + path)->path, path);
  }
}

TEST(CurlHttpClient, RefusesACertificateOfAnUnknownAuthority) {
  const Certificate certificate = MakeCertificate();
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder), &certificate);
  auto client = MakeHttpClient({});
  const auto reply = client->Send(Get(server.Url("/")));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(reply.error().reason, "tls");
  EXPECT_TRUE(recorder.requests().empty());
}

TEST(SigpipeGuard, SwallowsItsOwnSignalAndRestoresTheMask) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    const SigpipeGuard guard;
    pthread_kill(pthread_self(), SIGPIPE);
  }
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGPIPE), sigismember(&before, SIGPIPE));
}

TEST(CurlHttpClient, TrustsAPrivateAuthorityWhenToldTo) {
  const Certificate certificate = MakeCertificate();
  const TempFile ca(certificate.certificate_pem);
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder), &certificate);

  Options with_ca;
  with_ca.ca_file = ca.path();
  EXPECT_TRUE(MakeHttpClient(with_ca)->Send(Get(server.Url("/"))));

  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/"));
  request.ca_file = ca.path();
  EXPECT_TRUE(client->Send(request));
  // The trust of one request does not leak into the next.
  EXPECT_FALSE(client->Send(Get(server.Url("/"))));

  const ScopedEnvironment environment("SSL_CERT_FILE", ca.path());
  EXPECT_TRUE(client->Send(Get(server.Url("/"))));
}

TEST(CurlHttpClient, AMissingAuthorityFileIsTls) {
  auto client = MakeHttpClient({});
  const Certificate certificate = MakeCertificate();
  RawServer server(WritesAndCloses(Ok("{}")), &certificate);
  HttpRequest request = Get(server.Url("/"));
  request.ca_file = "/nonexistent/ca.pem";
  const auto reply = client->Send(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "tls");
}

TEST(CurlHttpClient, KeepAliveReusesOneConnection) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(recorder.requests().size(), 20u);
}

TEST(CurlHttpClient, ExactlyOnceOpensAConnectionOfItsOwnAndLeavesNone) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  HttpRequest once = Get(server.Url("/"));
  once.exactly_once = true;
  ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  ASSERT_TRUE(client->Send(once));
  EXPECT_EQ(server.connections(), 2);
  ASSERT_TRUE(client->Send(once));
  EXPECT_EQ(server.connections(), 3);
}

TEST(CurlHttpClient, IdleConnectionsAreClosedByTheNextSendWhenTooOld) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  Options options;
  options.idle_age = std::chrono::seconds(0);
  auto client = MakeHttpClient(options);
  ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  EXPECT_EQ(server.connections(), 2);
}

TEST(CurlHttpClient, KeepsNoMoreIdleConnectionsThanAllowed) {
  Recorder recorder(Ok("{}"));
  RawServer first(Answering(recorder));
  RawServer second(Answering(recorder));
  Options options;
  options.idle_handles = 1;
  auto client = MakeHttpClient(options);
  ASSERT_TRUE(client->Send(Get(first.Url("/"))));
  ASSERT_TRUE(client->Send(Get(second.Url("/"))));
  ASSERT_TRUE(client->Send(Get(second.Url("/"))));
  ASSERT_TRUE(client->Send(Get(first.Url("/"))));
  EXPECT_EQ(second.connections(), 1);
  EXPECT_EQ(first.connections(), 2);
}

TEST(CurlHttpClient, LoopbackNeverGoesThroughAProxy) {
  Recorder proxy_seen(Ok("from the proxy"));
  RawServer proxy(Answering(proxy_seen));
  const ScopedEnvironment http("http_proxy", proxy.Url(""));
  const ScopedEnvironment all("all_proxy", proxy.Url(""));
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  ASSERT_TRUE(client->Send(Get(server.Url("/"))));
  EXPECT_TRUE(proxy_seen.requests().empty());
}

TEST(CurlHttpClient, ARefusingProxyIsNamedAndSeesNoToken) {
  Recorder seen("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  RawServer proxy(Answering(seen));
  const ScopedEnvironment https("https_proxy", proxy.Url(""));
  auto client = MakeHttpClient({});
  HttpRequest request = Get("https://graph.example.test/v25.0/me");
  request.bearer.emplace("planted-secret");
  request.query.emplace_back("input_token", Secret("planted-secret"));
  const auto reply = client->Send(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(reply.error().reason, "proxy") << reply.error().message;
  ASSERT_EQ(seen.requests().size(), 1u);
  EXPECT_EQ(seen.requests().at(0).find("planted-secret"), std::string::npos);
}

TEST(CurlHttpClient, StopEndsAnInspectionSoonAndRefusesNewRequests) {
  std::promise<void> reached;
  RawServer server([&reached](Peer& peer) {
    peer.ReadRequest();
    reached.set_value();
    peer.WaitForTheEnd();
  });
  auto client = MakeHttpClient({});
  auto running = std::async(std::launch::async, [&] { return client->Send(Get(server.Url("/"))); });
  reached.get_future().wait();
  const auto started = std::chrono::steady_clock::now();
  client->Stop(milliseconds(60000));
  const auto reply = running.get();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(3));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kAborted);
  EXPECT_EQ(reply.error().reason, "stopping");
  EXPECT_EQ(client->Send(Get(server.Url("/"))).error().reason, "stopping");
}

TEST(CurlHttpClient, StopLetsAnExactlyOnceRequestFinishWithinTheGrace) {
  std::promise<void> reached;
  std::promise<void> stopped;
  RawServer server([&](Peer& peer) {
    peer.ReadRequest();
    reached.set_value();
    stopped.get_future().wait();
    peer.Write(Ok("{\"access_token\":\"new\"}"));
  });
  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/"));
  request.exactly_once = true;
  auto running = std::async(std::launch::async, [&] { return client->Send(request); });
  reached.get_future().wait();
  client->Stop(milliseconds(60000));
  stopped.set_value();
  const auto reply = running.get();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "{\"access_token\":\"new\"}");
}

TEST(CurlHttpClient, StopCutsAnExactlyOnceRequestAfterTheGrace) {
  std::promise<void> reached;
  RawServer server([&reached](Peer& peer) {
    peer.ReadRequest();
    reached.set_value();
    peer.WaitForTheEnd();
  });
  auto client = MakeHttpClient({});
  HttpRequest request = Get(server.Url("/"));
  request.exactly_once = true;
  auto running = std::async(std::launch::async, [&] { return client->Send(request); });
  reached.get_future().wait();
  client->Stop(milliseconds(0));
  EXPECT_EQ(running.get().error().reason, "stopping");
}

TEST(CurlHttpClient, ServesManyThreadsAtOnce) {
  Recorder recorder(Ok("{}"));
  RawServer server(Answering(recorder));
  auto client = MakeHttpClient({});
  std::vector<std::future<int>> threads;
  for (int i = 0; i < 8; ++i) {
    threads.push_back(std::async(std::launch::async, [&] {
      int answered = 0;
      for (int n = 0; n < 25; ++n) answered += client->Send(Get(server.Url("/"))) ? 1 : 0;
      return answered;
    }));
  }
  for (auto& thread : threads) EXPECT_EQ(thread.get(), 25);
  EXPECT_LE(server.connections(), 8);
}

}  // namespace
}  // namespace tokenwarden::curl
