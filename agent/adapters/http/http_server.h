// HttpServer: a few read-only pages over plain HTTP, for Prometheus and for probes.
//
// GET and HEAD only; a path is matched exactly and the query is ignored. One thread of its own
// serves all connections by epoll: an idle or slow client delays nobody. Handlers run on that
// thread and must not wait for the network. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/core/result.h"

namespace tokenwarden::http {

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;  // null = empty; shared, never copied
  // The body is gzip. A client that does not accept gzip gets it inflated piece by piece.
  bool gzip = false;
};

// `Text(503, "…")`: an answer from a string.
Answer Text(int status, std::string body);

using Handler = std::function<Answer()>;

struct HttpServerOptions {
  std::string listen;  // `127.0.0.1:9464`, `[::1]:9464`, `:9464` (all addresses); port 0 = any
  unsigned connection_limit = 64;
  unsigned idle_timeout_seconds = 5;
};

class HttpServer {
 public:
  // Errors: kInvalidArgument `bad_address`; kFailedPrecondition `address_in_use`; kPermissionDenied
  // `listen_denied`; kUnavailable `listen_failed`. Each names the address.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options,
                                                   std::map<std::string, Handler> handlers);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  const std::string& address() const;  // with the real port: `127.0.0.1:9464`

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tokenwarden::http
