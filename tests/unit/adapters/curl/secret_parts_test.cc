// What servers of secrets need beside a bearer token: secret headers and bodies, a CA as text, a
// certificate of ours, replies that never end.
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>

#include "agent/adapters/curl/curl_http_client.h"
#include "tests/unit/adapters/curl/raw_server.h"

namespace tokenwarden::curl {
namespace {

std::string Ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

HttpRequest To(const RawServer& server) {
  HttpRequest request;
  request.url = server.Url("/v1/secret/data/a");
  request.endpoint_name = "kv_write";
  return request;
}

TEST(CurlHttpClient, SendsSecretHeadersAndASecretBodyOfItsType) {
  std::promise<std::string> seen;
  RawServer server([&seen](Peer& peer) {
    seen.set_value(peer.ReadRequest());
    peer.Write(Ok("{}"));
  });
  HttpRequest request = To(server);
  request.method = HttpRequest::Method::kPatch;
  request.content_type = "application/merge-patch+json";
  request.secret_headers.emplace_back("X-Vault-Token", Secret("fake-header-value"));
  request.secret_body.emplace("{\"data\":{}}");
  ASSERT_TRUE(MakeHttpClient({})->Send(request));
  const std::string text = seen.get_future().get();
  EXPECT_EQ(text.find("PATCH /v1/secret/data/a HTTP/1.1\r\n"), 0u) << text;
  EXPECT_NE(text.find("\r\nX-Vault-Token: fake-header-value\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\r\nContent-Type: application/merge-patch+json\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\n\r\n{\"data\":{}}"), std::string::npos);
}

TEST(CurlHttpClient, TrustsTheCaGivenAsTextAndNoOther) {
  const Certificate certificate = MakeCertificate();
  const Certificate other = MakeCertificate();
  RawServer server(
      [](Peer& peer) {
        if (!peer.ReadRequest().empty()) peer.Write(Ok("{}"));
      },
      &certificate);
  auto client = MakeHttpClient({});
  HttpRequest request = To(server);
  request.ca_pem = certificate.certificate_pem;
  const auto trusted = client->Send(request);
  EXPECT_TRUE(trusted) << trusted.error().message;
  request.ca_pem = other.certificate_pem;
  const auto refused = client->Send(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "tls");
  request.ca_pem = "no certificate at all";
  const auto senseless = client->Send(request);
  ASSERT_FALSE(senseless);
  EXPECT_EQ(senseless.error().reason, "bad_ca");
}

TEST(CurlHttpClient, ShowsItsCertificateToAServerThatAsksAndKeepsIdentitiesApart) {
  const Certificate certificate = MakeCertificate();
  const Certificate ours = MakeCertificate();
  std::promise<std::string> first;
  std::promise<std::string> second;
  std::atomic<int> count{0};
  RawServer server(
      [&](Peer& peer) {
        std::promise<std::string>& seen = count++ == 0 ? first : second;
        if (peer.ReadRequest().empty()) return;
        seen.set_value(peer.ClientCertificate());
        peer.Write(Ok("{}"));
        peer.WaitForTheEnd();
      },
      &certificate);
  auto client = MakeHttpClient({});
  HttpRequest request = To(server);
  request.ca_pem = certificate.certificate_pem;
  request.identity = ClientIdentity{ours.certificate_pem, Secret(ours.key_pem)};
  const auto reply = client->Send(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(first.get_future().get(), ours.certificate_pem);
  request.identity.reset();
  ASSERT_TRUE(client->Send(request));
  EXPECT_EQ(second.get_future().get(), "");
}

TEST(CurlHttpClient, ReadsNoLargerBodyThanTheRequestAllows) {
  RawServer server([](Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Write(Ok(std::string(2 * 1024 * 1024, 'x')));
  });
  auto client = MakeHttpClient({});
  HttpRequest request = To(server);
  const auto refused = client->Send(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "body_too_large");
  request.max_body = std::size_t{4} * 1024 * 1024;
  const auto reply = client->Send(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body.size(), 2u * 1024 * 1024);
}

// A reply without an end: a piece, then silence until the client goes away.
RawServer::Script Endless() {
  return [](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    peer.WaitForTheEnd();
  };
}

TEST(CurlHttpClient, HandsAStreamOverAsItArrivesUntilTheListenerHasHeardEnough) {
  RawServer server(Endless());
  std::string heard;
  const auto reply = MakeHttpClient({})->Stream(To(server), [&heard](std::string_view bytes) {
    heard += bytes;
    return heard.size() < 5;
  });
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(heard, "first");
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "");
}

TEST(CurlHttpClient, ReturnsARefusedStreamWhole) {
  RawServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone");
  });
  const auto reply = MakeHttpClient({})->Stream(To(server), [](std::string_view) { return true; });
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 410);
  EXPECT_EQ(reply->body, "gone");
}

TEST(CurlHttpClient, EndsAStreamAtItsDeadline) {
  RawServer server(Endless());
  HttpRequest request = To(server);
  request.timeout = std::chrono::milliseconds(200);
  const auto reply = MakeHttpClient({})->Stream(request, [](std::string_view) { return true; });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kDeadlineExceeded);
}

TEST(CurlHttpClient, EndsASilentStreamWhenItsListenerSaysSo) {
  RawServer server(Endless());
  HttpRequest request = To(server);
  request.timeout = std::chrono::minutes(5);
  std::string heard;
  const auto reply = MakeHttpClient({})->Stream(request, [&heard](std::string_view bytes) {
    heard += bytes;
    return !bytes.empty() || heard.empty();  // no sooner than something came, then on silence
  });
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(heard, "first");
}

TEST(CurlHttpClient, StopEndsAStreamSoon) {
  RawServer server(Endless());
  auto client = MakeHttpClient({});
  std::promise<void> arrived;
  HttpRequest request = To(server);
  request.timeout = std::chrono::minutes(5);
  auto running = std::async(std::launch::async, [&] {
    return client->Stream(request, [&arrived, told = false](std::string_view bytes) mutable {
      if (!bytes.empty() && !std::exchange(told, true)) arrived.set_value();
      return true;
    });
  });
  arrived.get_future().wait();
  client->Stop(std::chrono::milliseconds(0));
  const auto reply = running.get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "stopping");
}

}  // namespace
}  // namespace tokenwarden::curl
