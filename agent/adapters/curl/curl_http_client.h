// CurlHttpClient: the HttpClient port on libcurl's blocking interface.
//
// Handles are pooled per origin with their live connections, the last used first. An idle pool
// wakes nobody: stale handles are closed by the next Send. Building a client costs nothing; libcurl
// is initialised by the first Send. HTTP/1.1 only: one handle carries one request at a time.
//
// Certificates: `HttpRequest::ca_pem`, else `HttpRequest::ca_file`, else `Options::ca_file`, else
// SSL_CERT_FILE of the environment, else the usual bundle of the system. Proxies: `https_proxy`,
// `all_proxy` and `no_proxy` of the environment, as libcurl reads them; loopback is never sent to a
// proxy.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/ports/http_client.h"

namespace tokenwarden::curl {

struct Options {
  std::string user_agent;         // empty: `tokenwarden`
  std::string ca_file;            // private CA for every request; empty = environment, then system
  std::size_t idle_handles = 16;  // kept for reuse, over all origins
  std::chrono::seconds idle_age{90};  // older ones are closed by the next Send
};

class CaStores;
class CheckedUrls;
class HandlePool;
struct StopState;

// Thread-safe.
class CurlHttpClient : public HttpClient {
 public:
  explicit CurlHttpClient(Options options);
  ~CurlHttpClient() override;

  Result<HttpReply> Send(const HttpRequest& request) override;
  // Notices Stop() within a second.
  Result<HttpReply> Stream(const HttpRequest& request,
                           const std::function<bool(std::string_view)>& on_bytes) override;

  // From now on every new request fails with kAborted `stopping`. Running ones end with it within a
  // second; those with `exactly_once` may go on for `grace`, because cutting them loses a reply.
  void Stop(std::chrono::milliseconds grace);

 private:
  Result<HttpReply> Run(const HttpRequest& request,
                        const std::function<bool(std::string_view)>* listener);

  Options options_;
  std::unique_ptr<StopState> stop_;
  std::unique_ptr<CheckedUrls> urls_;
  std::unique_ptr<CaStores> ca_stores_;
  std::unique_ptr<HandlePool> pool_;
};

std::unique_ptr<CurlHttpClient> MakeHttpClient(Options options);

}  // namespace tokenwarden::curl
